// A process that the launcher started for this shard: its two output pipes, and what it is told.
//
// Output is read in chunks of kChunk, one for each pipe and turn, so that a process that writes
// without end has no more of the loop than any other; its pipe fills, and it waits. What was
// written before an exit is delivered before on_exited, up to kDrainMax for each pipe: whoever
// still writes by then has left the group and is not waited for.
#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/edge/owned_fd.h"
#include "core/edge/spawner.h"
#include "core/edge/timer_wheel.h"
#include "core/loop/handle.h"
#include "workers/launcher/protocol.h"

namespace convoke {

class Loop;
class LoopSpawner;

class LaunchedProcess final : public Process {
 public:
  static constexpr std::size_t kChunk = std::size_t{16} * 1024;
  static constexpr std::size_t kDrainMax = std::size_t{1024} * 1024;  // 16 x what a pipe holds

  ~LaunchedProcess() override;
  LaunchedProcess(const LaunchedProcess&) = delete;  // the spawner and libuv hold our address
  LaunchedProcess& operator=(const LaunchedProcess&) = delete;

  void signal_group(int signal) override;
  // One look and one sample are under way at a time. Asked again meanwhile, the one answer stands
  // for both; for another port, the new one is looked for and the old one is not.
  void look_for_listener(std::uint16_t port) override;
  void sample_memory() override;
  void drain_output() override;

 private:
  friend class LoopSpawner;

  struct Pipe {
    OutputStream stream{};
    LaunchedProcess* process = nullptr;
    OwnedFd end;  // closed after its poll: libuv watches it until then
    HandleOwner<uv_poll_t> poll;

    void close();
  };

  LaunchedProcess(LoopSpawner& spawner, std::uint64_t token, SpawnRequest wish,
                  ProcessHandler& handler);
  // Asked for, and no launcher has said yet what came of it.
  [[nodiscard]] bool pending() const { return wish_.has_value(); }
  // The ends that the child writes to, or why there are none (errno).
  [[nodiscard]] int open_pipes(Loop& loop, OwnedFd& out, OwnedFd& err);
  [[nodiscard]] static int open_pipe(Loop& loop, Pipe& pipe, OwnedFd& write_end);
  void fail_later(int errno_value, launcher::Step step);
  void on_failure_due();

  // From the spawner. Each may end in the destruction of this process by its handler.
  void on_reply(const launcher::Spawned& what);
  void on_reply(const launcher::SpawnFailed& what);
  void on_reply(const launcher::Listener& what);
  void on_reply(const launcher::Memory& what);
  void on_reply(const launcher::Exited& what);
  void on_launcher_lost();  // one still pending waits for the next launcher

  void on_readable(Pipe& pipe);
  void deliver(Pipe& pipe, std::size_t limit);
  void deliver_all();

  LoopSpawner* spawner_;  // null once the last call was made: nothing is asked for any more
  const std::uint64_t token_;
  ProcessHandler& handler_;
  std::optional<SpawnRequest> wish_;  // until it runs or has failed
  Pipe out_;
  Pipe err_;
  std::int32_t pid_ = 0;  // known once it runs
  std::optional<std::uint16_t> looked_for_;
  bool memory_asked_ = false;
  launcher::SpawnFailed failure_;
  Timer failure_due_;
  // Whether this still lives, for those of its functions that call the handler and go on.
  std::shared_ptr<const char> life_ = std::make_shared<const char>('\0');
};

}  // namespace convoke
