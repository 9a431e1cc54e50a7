// Until when this engine may start calls: where engines share a queue, the promise by which others
// know when it has stopped. Whoever renews it and every shard see the same value.
//
// A call that is handed to an instance while the lease holds began before anybody could be told
// that this engine starts nothing more.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <optional>

#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

class EngineLease {
 public:
  // An engine alone has all of it for ever.
  EngineLease() {
    for (std::atomic<Instant::rep>& until : claims_) until = kForEver;
  }

  // Before the shards run, where the lease has an end: the clock itself. A turn's `now` stands
  // still, and an engine that was frozen in the midst of one would go by it when it wakes.
  void look_at_clock(Instant (*clock)()) { clock_ = clock; }

  [[nodiscard]] bool holds(Instant now) const { return at(now) < until_; }
  void set(Instant until) { until_ = until.time_since_epoch().count(); }

  // Before the shards run: callers' calls begin without this lease too, as long as the store does
  // not answer. Nothing of what others were told then holds for this engine. `lease`: for how long
  // a shard's own is renewed, each third of it.
  void outlive_store(Duration lease) { unheard_after_ = lease / 2; }
  // Whether a caller's call may begin on that shard. The store does not answer it when its claims'
  // lease has less left than it has between two renewals.
  [[nodiscard]] bool allows_callers(ShardIndex shard, Instant now) const {
    return holds(now) || (unheard_after_ && !holds_claims_of(shard, now + *unheard_after_));
  }

  // What a shard has claimed of a shared queue is its own for as long as its store has not been
  // taken for dead: which the server is told of over another connection.
  [[nodiscard]] bool holds_claims_of(ShardIndex home, Instant now) const {
    return at(now) < claims_[home.value];
  }
  void set_claims_of(ShardIndex home, Instant until) {
    claims_[home.value] = until.time_since_epoch().count();
  }

 private:
  [[nodiscard]] Instant::rep at(Instant now) const {
    if (clock_ != nullptr) now = std::max(now, clock_());
    return now.time_since_epoch().count();
  }

  static constexpr Instant::rep kForEver = std::numeric_limits<Instant::rep>::max();
  Instant (*clock_)() = nullptr;
  std::atomic<Instant::rep> until_{kForEver};
  std::optional<Duration> unheard_after_;  // nullopt: nothing begins without the lease
  std::array<std::atomic<Instant::rep>, kShardsMax> claims_;
};

}  // namespace convoke
