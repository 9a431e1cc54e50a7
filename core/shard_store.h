// What one shard's asynchronous calls lie in, whichever store that is, and what the engine wants of
// it besides the queue contract.
//
// Owner and thread: one shard; what it is made with outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "queue/history/archive.h"
#include "queue/history/facts.h"
#include "queue/queue.h"

namespace convoke {

// Whether other shards, of this engine or others, see the same calls.
enum class Reach : std::uint8_t {
  kShard,   // each shard has calls of its own: all shards are asked
  kShared,  // one queue for all: any shard knows of every call
};

class ShardStore {
 public:
  virtual ~ShardStore() = default;

  [[nodiscard]] virtual Queue& queue() = 0;
  [[nodiscard]] virtual const Queue& queue() const = 0;
  [[nodiscard]] virtual Reach reach() const = 0;
  // Nothing is on its way to the store or from it.
  [[nodiscard]] virtual bool at_rest() const = 0;

  // Where an unsettled call stands; nullopt: nowhere within reach. Answered in this turn or later.
  using Found = std::function<void(const std::optional<CallPosition>&)>;
  virtual void find(const CallId& id, Found found) = 0;

  // The same of a call that waits for an instance, for its place in the queue (ahead): asks no more
  // than that takes.
  virtual void find_place(FunctionId function, const CallId& id, Found found) = 0;

  // How its calls stand, for this shard's part in the sum over all of them; where they are shared,
  // the first shard tells of them all. Answered in this turn or later.
  struct Counts {
    std::vector<QueueCounts> functions;  // in the order in which they were asked for
    QueueCounts all;                     // of these and all others
  };
  using Counted = std::function<void(Counts)>;
  virtual void count(const std::vector<FunctionId>& functions, Counted counted) = 0;

  // For a store that keeps the history itself. Else: null.
  [[nodiscard]] virtual history::Archive* archive() { return nullptr; }
  // To be called every minute or so: what is too old goes.
  virtual void collect(WallTime /*now*/) {}

  // For a store with a history behind it. What a start found that the history had not taken in:
  // once, before the first turn; and how far the history has come in that journal.
  virtual void tell_recovered() {}
  virtual void on_taken(std::uint32_t /*journal*/, const history::Mark& /*upto*/) {}
};

}  // namespace convoke
