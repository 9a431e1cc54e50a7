// The engine's launcher, seen from the engine: starts it, hands each shard its socket, and starts
// another one if it dies.
//
// The launcher ends by itself when all of its sockets are closed; it then kills every process it
// has started. So it needs no telling, and an engine that is killed leaves none behind.
//
// Threads: start() and the destructor belong to the engine; the rest may be called from any thread.
// A thread of its own waits for the launcher's death. A launcher that dies takes its processes with
// it; the next one starts at once if the last lived for kSoundLife, else after a pause that doubles
// from kRestartPause to kRestartPauseMax.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/edge/owned_fd.h"
#include "core/model/error.h"
#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

class LauncherProcess {
 public:
  static constexpr Millis kSoundLife{10'000};
  static constexpr Millis kRestartPause{100};
  static constexpr Millis kRestartPauseMax{10'000};
  // What ends by SIGKILL is gone in milliseconds; what hangs in the kernel may take for ever, and
  // the launcher stays with it.
  static constexpr Millis kEndWait{5'000};

  // Fails with InternalServerError when there is no such program, or no descriptors for it.
  [[nodiscard]] static Result<std::unique_ptr<LauncherProcess>> start(std::string program_path,
                                                                      std::uint16_t shards);
  // All sockets that were taken must be closed by now. Waits for the launcher's end, for kEndWait
  // at most.
  ~LauncherProcess();
  LauncherProcess(const LauncherProcess&) = delete;
  LauncherProcess& operator=(const LauncherProcess&) = delete;

  // Each launcher has one for each shard. None (not open): it was taken already, or there is no
  // launcher now.
  [[nodiscard]] OwnedFd take_shard_socket(ShardIndex shard);
  // `wake` runs on another thread whenever a later launcher has a socket for the shard. Setting
  // another (or none) waits for one that runs; so `wake` must not call back here.
  void set_wake(ShardIndex shard, std::function<void()> wake);
  [[nodiscard]] pid_t pid() const;  // 0 when there is none now

 private:
  struct Running {
    pid_t pid = 0;
    OwnedFd death;  // pidfd: readable when it has died
    std::vector<OwnedFd> sockets;
  };

  LauncherProcess(std::string program_path, std::uint16_t shards);
  [[nodiscard]] Result<Running> start_one() const;
  void install(Running running);
  void keep();
  void restart(Millis& pause);
  void await_end();
  [[nodiscard]] bool stop_requested_within(Millis time) const;

  const std::string program_path_;
  const std::uint16_t shards_;
  OwnedFd stop_;  // eventfd: readable when the keeper is to end

  mutable std::mutex mutex_;
  Running running_;                           // guarded
  std::vector<std::function<void()>> wakes_;  // guarded; by shard

  std::thread keeper_;
};

}  // namespace convoke
