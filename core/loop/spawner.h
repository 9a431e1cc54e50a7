// Starts processes by way of the launcher.
//
//   LoopSpawner --requests, pipes--> launcher --fork--> process
//        ^---------- reports ----------+        stdout, stderr --> LaunchedProcess
//
// When the launcher dies, its processes have ended with it (on_exited with SIGKILL). Those that it
// had not reported as running, and what is asked for until the next one has its socket here, are
// started by that one: whoever cannot wait for so long destroys the Process.
//
// Limits: a request (arguments, environment, directory) of more than launcher::kMessageMax fails
// with E2BIG at step "exec", as exec itself would; one with a zero byte in a text with EINVAL.
//
// Lifetime: its processes go before it does, and it before the loop and the LauncherProcess.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/edge/spawner.h"
#include "core/loop/handle.h"
#include "core/loop/launched_process.h"
#include "core/loop/launcher_process.h"
#include "core/loop/loop.h"
#include "core/model/ids.h"
#include "workers/launcher/packet_socket.h"
#include "workers/launcher/protocol.h"

namespace convoke {

class LoopSpawner final : public Spawner {
 public:
  LoopSpawner(Loop& loop, LauncherProcess& launcher, ShardIndex shard);
  ~LoopSpawner() override;
  LoopSpawner(const LoopSpawner&) = delete;  // libuv holds our address
  LoopSpawner& operator=(const LoopSpawner&) = delete;

  [[nodiscard]] std::unique_ptr<Process> spawn(SpawnRequest request,
                                               ProcessHandler& handler) override;

 private:
  friend class LaunchedProcess;

  // In one turn; the rest in the next.
  static constexpr int kReportsPerTurn = 64;

  [[nodiscard]] Loop& loop() { return loop_; }
  template <class What>
  void request(std::uint64_t token, What what);
  void send(launcher::Packet packet);
  void forget(std::uint64_t token);   // its last report has come
  void abandon(std::uint64_t token);  // its owner has gone: kill it

  void start(LaunchedProcess& process);
  void adopt_socket(OwnedFd socket);
  void on_new_socket();
  void on_link(int status, int events);
  void take_reports();
  void report(const launcher::Reply& reply);
  void lose_link();
  void watch_link();

  Loop& loop_;
  LauncherProcess& launcher_;
  const ShardIndex shard_;
  std::optional<launcher::PacketSocket> link_;  // none while there is no launcher
  HandleOwner<uv_poll_t> link_poll_;            // closed before link_
  int watched_ = 0;                             // events that link_poll_ waits for
  HandleOwner<uv_async_t> new_socket_;
  launcher::Packet packet_;  // received into
  std::unordered_map<std::uint64_t, LaunchedProcess*> processes_;
  std::uint64_t next_token_ = 1;
};

}  // namespace convoke
