// The listening sockets of one engine: handed over or opened, and dealt out to its shards.
//
// Each shard accepts from a socket of its own where the port can be shared, so that the kernel
// spreads connections. The number of shards may be another than the predecessor's: no socket that
// was handed over is ever closed while it serves, since that would reset who waits in it. With
// fewer shards than sockets a shard accepts from several; with more, sockets are opened on the same
// port, or, where it cannot be shared (a Unix socket, one of an init system), shards accept from
// the same one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/loop/listening_socket.h"
#include "core/model/ids.h"

namespace convoke {

class ListeningSockets {
 public:
  ListeningSockets() = default;

  // InvalidArgument: one that was handed over does not listen where `at` says (port 0: any port).
  // Without any, nobody else may listen there.
  [[nodiscard]] static Result<ListeningSockets> open(const Address& at,
                                                     std::vector<OwnedFd> handed_over,
                                                     std::uint16_t shards);
  // The first half of it: takes them and opens none.
  [[nodiscard]] static Result<ListeningSockets> adopt(const Address& at,
                                                      std::vector<OwnedFd> handed_over);

  [[nodiscard]] const Address& address() const { return sockets_.front()->address(); }
  [[nodiscard]] std::vector<std::shared_ptr<ListeningSocket>> of(ShardIndex shard,
                                                                 std::uint16_t shards) const;
  // For a successor: they stay open as long as these do.
  [[nodiscard]] Result<std::vector<OwnedFd>> duplicates() const;
  // They live on with whoever has duplicates.
  void leave_files();
  // Each is closed when its last shard lets go of it.
  void let_go() { sockets_.clear(); }

 private:
  std::vector<std::shared_ptr<ListeningSocket>> sockets_;
};

// Which of `sockets` a shard accepts from, by their numbers: all of them have a shard, and each
// shard has at least one. `sockets` is not 0.
[[nodiscard]] std::vector<std::size_t> sockets_of(std::size_t shard, std::size_t shards,
                                                  std::size_t sockets);

}  // namespace convoke
