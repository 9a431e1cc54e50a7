// A shard, as those see it that serve all shards of an engine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/model/ids.h"
#include "core/registry/change.h"
#include "core/shard_store.h"
#include "queue/history/facts.h"
#include "queue/queue.h"

namespace convoke {

class ShardDoor {
 public:
  virtual ~ShardDoor() = default;
  virtual void post(std::function<void()> task) = 0;  // any thread; runs on the shard's

  // The rest on the shard's thread.
  virtual void apply(const Change& change) = 0;
  // The gates of functions that it covers have other limits.
  virtual void on_gates(const SwitchScope& scope) = 0;
  // Runs once, now or later: what limits and switches have ended here so far is dead; with how many
  // calls that were.
  virtual void when_ended(std::function<void(std::uint32_t calls)> then) = 0;
  // Directories of code that instances here still run.
  [[nodiscard]] virtual std::vector<std::string> code_in_use() const = 0;
  // The history has taken in what that journal, which is written here, told up to there.
  virtual void on_taken(std::uint32_t journal, const history::Mark& upto) = 0;
  // As Pump::stop; kUnknown where the call is not of this shard.
  virtual void stop_call(FunctionId function, const CallId& id, Queue::Stopped stopped) = 0;
  virtual void find_call(const CallId& id, ShardStore::Found found) = 0;  // as ShardStore::find
};

}  // namespace convoke
