// What is committed to the registry, taken through one engine's shards: in one order, the gates
// first, then every shard; only then is it answered. So a client sees its own change on whichever
// shard its next request arrives, and no call starts on what was replaced. Where other engines
// share the registry, their changes go the same way.
//
// A step that stops functions or trees is applied when what it ended is dead; those behind it wait
// for that.
//
// Threads: lives on shard 0's loop; execute() and read_code() may be called on any shard's thread,
// and answer there.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/io_thread.h"
#include "core/guard/gate.h"
#include "core/model/error.h"
#include "core/registry/directory.h"
#include "core/registry/source.h"
#include "core/shard_door.h"
#include "core/switch_times.h"
#include "workers/log_files.h"

namespace convoke {

class RegistryDesk final : private RegistryOwner {
 public:
  RegistryDesk(std::unique_ptr<RegistrySource> source, GateTable& gates, LogFiles& logs,
               std::uint32_t account_max);

  // Before the shards run: each gets what was committed earlier, then they are known here. `clock`
  // and `wheel`: shard 0's, which calls live by. `on_lease`: see RegistryOwner; on shard 0's
  // thread.
  void open(
      std::vector<ShardDoor*> doors, IoThread& thread, const Clock& clock, TimerWheel& wheel,
      std::function<void(Instant)> on_lease = [](Instant) {});
  // Hears of each limit before its gate has it; on shard 0's thread. Before open().
  using LimitChanged = std::function<void(FunctionId, std::uint32_t before, std::uint32_t now)>;
  void tell_limits_to(LimitChanged changed) { limit_changed_ = std::move(changed); }
  // Nothing starts here any more; on shard 0's thread.
  void leave(std::function<void()> left) { source_->leave(std::move(left)); }
  // When the shards have stopped, before they go.
  void close() {
    times_.reset();
    source_->close();
  }

  using Changed = std::function<void(Result<Change>)>;
  using Zip = std::function<void(Result<std::string>)>;
  void execute(Mutation mutation, WallTime now, ShardIndex from, Changed changed);
  void read_code(FunctionPtr function, ShardIndex from, Zip zip);
  void who_has_what(ShardIndex from, RegistrySource::Asked asked);

 private:
  struct Tour;  // one step on its way through the shards

  void on_step(RegistryStep step) override;
  void on_lease(Instant until) override { on_lease_(until); }
  void set_gates(const Change& change);
  void set_gates(const SwitchScope& scope);
  void set_gate(const Function& function);
  void let_out_more(const SwitchScope& scope);
  [[nodiscard]] Result<Change> with_calls_ended(Result<Change> result);
  void visited(const std::shared_ptr<Tour>& tour, const std::vector<std::string>& in_use,
               std::uint32_t calls_ended);
  void clean_up(const RegistryStep& step, std::vector<std::string> in_use);

  const std::unique_ptr<RegistrySource> source_;
  GateTable& gates_;
  const std::uint32_t account_max_;
  LogFiles& logs_;
  Directory directory_;  // as committed; for the gates
  std::vector<ShardDoor*> doors_;
  IoThread* thread_ = nullptr;
  std::function<void(Instant)> on_lease_;
  LimitChanged limit_changed_;
  const Clock* clock_ = nullptr;
  std::optional<SwitchTimes> times_;
  std::deque<std::shared_ptr<Tour>> tours_;             // in the order of their versions
  std::map<std::uint64_t, std::uint32_t> calls_ended_;  // by changes not yet answered
};

}  // namespace convoke
