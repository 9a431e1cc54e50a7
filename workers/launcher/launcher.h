// The launcher's one loop: requests in, processes started and reaped, reports out.
//
//   shard socket closed       all groups of that shard are killed
//   all shard sockets closed  the engine has ended, whichever way: every descendant is killed until
//                             none is left, then run() returns
//
// A shard that does not take its reports is not read from until it does.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "core/edge/owned_fd.h"
#include "workers/launcher/groups.h"
#include "workers/launcher/packet_socket.h"
#include "workers/launcher/protocol.h"

namespace convoke::launcher {

class Launcher {
 public:
  // SIGCHLD is blocked and arrives at `child_signals`, a non-blocking signalfd.
  Launcher(std::vector<OwnedFd> shard_sockets, OwnedFd child_signals);
  void run();

 private:
  // Of one shard, in one turn: others want their turn too.
  static constexpr int kPacketsPerTurn = 64;

  void turn();
  void serve(std::size_t shard, short events);
  void handle(std::size_t shard, Packet& packet);
  void act(const GroupName& name, const Spawn& what, Packet& packet);
  void act(const GroupName& name, const Signal& what, Packet& packet);
  void act(const GroupName& name, const LookForListener& what, Packet& packet);
  void act(const GroupName& name, const SampleMemory& what, Packet& packet);
  void act(const GroupName& name, const Kill& what, Packet& packet);

  template <class What>
  void reply(const GroupName& name, What what);
  void settle_start(Group& group);
  void reap();
  void reap_first(Group& group);
  void close_lost_links();
  void end_everything();

  std::vector<std::unique_ptr<PacketSocket>> links_;  // by shard; null once closed
  std::vector<std::size_t> lost_;                     // shards whose link is to be closed
  OwnedFd child_signals_;
  Groups groups_;
  Packet packet_;  // received into; its room is kept
};

}  // namespace convoke::launcher
