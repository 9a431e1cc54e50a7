// A function's engine-wide facts: its limit, its instances, its free slots, who waits for one.
//
// Shared by all shards; every member is atomic and nothing here locks. A slot is the right to run
// one call on an instance of a given shard: taking it here is what makes limits exact and lets a
// call move to another shard knowing that its place is kept.
//
// Waiting and freeing cross on different threads, so both sides follow one rule (Dekker's): a
// waiter publishes itself, then looks for a free slot and for a place; a slot is made free or a
// place left, then its shard looks for waiters. All operations are sequentially consistent, so at
// least one of the two sees the other.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/model/ids.h"

namespace convoke {

inline constexpr std::int64_t kNobodyWaits = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint32_t kUnlimited = std::numeric_limits<std::uint32_t>::max();

enum class Waiter : std::uint8_t {
  kCaller,  // somebody holds the line: goes first
  kQueued,  // an accepted call in the store
};

struct WaiterAt {
  ShardIndex shard;
  Waiter kind;
};

class Gate {
 public:
  // `share`: how much of a limit is this engine's, until more is said.
  explicit Gate(std::uint16_t shards, std::uint32_t share = kUnlimited)
      : share_(share), lanes_(shards) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // The most instances at once; 0 stops the function, kUnlimited lifts the limit.
  void set_limit(std::uint32_t limit) { limit_ = limit; }
  [[nodiscard]] std::uint32_t limit() const { return limit_; }
  [[nodiscard]] bool stopped() const { return limit_ == 0; }

  // Of the limit, what this engine may use: all of it, unless others have a part.
  void set_share(std::uint32_t share) { share_ = share; }
  [[nodiscard]] std::uint32_t share() const { return share_; }
  [[nodiscard]] std::uint32_t allowed() const {
    const std::uint32_t limit = limit_;
    return limit == kUnlimited ? limit : std::min<std::uint32_t>(limit, share_);
  }
  [[nodiscard]] bool short_of_share() const {
    const std::uint32_t limit = limit_;
    return limit != kUnlimited && share_ < limit && places_ >= share_;
  }
  // Somebody wants more of it: true for the first who says so, until it was heard.
  [[nodiscard]] bool begin_to_want() { return !wants_.exchange(true); }
  void wanted() { wants_ = false; }

  // A place for one instance, within what is allowed; held until that instance is gone.
  [[nodiscard]] bool take_place();
  void leave_place();
  [[nodiscard]] std::uint32_t places() const { return places_; }

  // Slots that are free on a shard's instances.
  void free_slot(ShardIndex at) { ++lanes_[at.value].free; }
  [[nodiscard]] bool take_slot(ShardIndex at);
  [[nodiscard]] std::optional<ShardIndex> take_slot_elsewhere(ShardIndex self);
  [[nodiscard]] bool any_slot_free() const;
  [[nodiscard]] std::uint32_t all_free_slots() const;            // a hint, too
  [[nodiscard]] std::uint32_t free_slots(ShardIndex at) const {  // a hint: others may take them
    const std::int32_t free = lanes_[at.value].free;
    return free > 0 ? static_cast<std::uint32_t>(free) : 0;
  }

  // What a shard has waiting: the arrival (monotonic ns) of its oldest caller, the accept time
  // (wall ms) of its oldest queued call; kNobodyWaits where there is none.
  void publish(ShardIndex self, std::int64_t oldest_caller, std::int64_t oldest_queued);
  // Whose turn it is for the next slot: the longest-waiting caller; or the longest-queued call when
  // no caller waits, and every kQueuedTurn-th time even so, so that neither starves.
  [[nodiscard]] std::optional<WaiterAt> next_waiter();
  [[nodiscard]] bool waits(ShardIndex at) const;
  [[nodiscard]] bool anyone_waits() const;  // on any shard

  // Callers waiting on all shards together, against `max`.
  [[nodiscard]] bool join_line(std::uint32_t max);
  void leave_line() { --callers_waiting_; }

 private:
  static constexpr std::uint32_t kQueuedTurn = 8;

  struct alignas(64) Lane {  // one shard's, on a cache line of its own
    std::atomic<std::int32_t> free{0};
    std::atomic<std::int64_t> oldest_caller{kNobodyWaits};
    std::atomic<std::int64_t> oldest_queued{kNobodyWaits};
  };
  [[nodiscard]] std::optional<ShardIndex> oldest(std::atomic<std::int64_t> Lane::*since) const;

  alignas(64) std::atomic<std::uint32_t> limit_{kUnlimited};
  std::atomic<std::uint32_t> share_;
  std::atomic<bool> wants_{false};
  std::atomic<std::uint32_t> places_{0};
  std::atomic<std::uint32_t> callers_waiting_{0};
  std::atomic<std::uint32_t> turns_{0};
  std::vector<Lane> lanes_;
};

// The account's instances, all functions together, and the shards that wait for one to go.
class AccountPlaces {
 public:
  explicit AccountPlaces(std::uint32_t max) : max_(max) {}
  [[nodiscard]] bool take();
  void leave() { --used_; }
  [[nodiscard]] std::uint32_t used() const { return used_; }
  [[nodiscard]] std::uint32_t max() const { return max_; }

  void wait_for_place(ShardIndex shard) { waiting_ |= std::uint64_t{1} << shard.value; }
  // The shards that waited, as a bit mask; they no longer count as waiting.
  [[nodiscard]] std::uint64_t take_waiting() { return waiting_.exchange(0); }

 private:
  const std::uint32_t max_;
  std::atomic<std::uint32_t> used_{0};
  std::atomic<std::uint64_t> waiting_{0};
};

// Every function's gate. Locks, so a shard asks once per function and keeps the answer.
class GateTable {
 public:
  // `share`: of each limit, before anything is said of it.
  explicit GateTable(std::uint16_t shards, std::uint32_t share = kUnlimited)
      : shards_(shards), share_(share) {}
  [[nodiscard]] std::shared_ptr<Gate> of(FunctionId function);
  void forget(FunctionId function);

 private:
  const std::uint16_t shards_;
  const std::uint32_t share_;
  std::mutex mutex_;
  std::unordered_map<FunctionId, std::shared_ptr<Gate>> gates_;
};

}  // namespace convoke
