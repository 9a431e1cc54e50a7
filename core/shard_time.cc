#include "core/shard_time.h"

#include <algorithm>
#include <utility>

#include "core/model/error.h"

namespace convoke {

void ShardTime::look(Millis patience, Looked looked) {
  ENSURE(!looked_);
  looked_ = std::move(looked);
  patience_ = patience;
  asked_ = machine_.now();
}

void ShardTime::end_of_turn(const Stand& stand) {
  const Instant now = machine_.now();
  const Instant until = patient_until(stand.inside);
  const bool moving = stand.moving || time_.overdue();
  if (moving && now < asked_ + kRestMax) return wait_until(asked_ + kRestMax);
  if (!moving && now < until) return wait_until(until);
  turn_.cancel();
  const Looked looked = std::exchange(looked_, nullptr);
  looked({!moving, stand.events + time_.fired(), time_.next()});
}

// Of the calls inside now; those that have left are forgotten.
Instant ShardTime::patient_until(const std::vector<CallId>& inside) {
  std::unordered_map<CallId, Instant> seen;
  Instant until{};
  for (const CallId& id : inside) {
    const auto earlier = first_seen_.find(id);
    const Instant since = earlier == first_seen_.end() ? machine_.now() : earlier->second;
    seen.emplace(id, since);
    until = std::max(until, since + patience_);
  }
  first_seen_ = std::move(seen);
  return until;
}

}  // namespace convoke
