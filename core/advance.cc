#include "core/advance.h"

#include <algorithm>
#include <utility>

namespace convoke {
namespace {

bool nothing_happened(const Rest& before, const Rest& after) {
  return before.events == after.events;
}

}  // namespace

Advance::Next Advance::on_look(std::vector<Rest> shards) {
  if (std::any_of(shards.begin(), shards.end(), [](const Rest& shard) { return !shard.at_rest; })) {
    return {Next::Do::kEnd, {}};
  }
  const bool agreed = still(shards);
  last_ = std::move(shards);
  if (!agreed) return {Next::Do::kLook, {}};
  complete_ = at_ == target_;
  if (complete_ || steps_ == steps_max_) return {Next::Do::kEnd, {}};
  Millis to = target_;
  for (const Rest& shard : last_) to = std::min(to, shard.next.value_or(target_));
  at_ = std::max(at_, to);
  ++steps_;
  last_.clear();
  return {Next::Do::kMove, at_};
}

bool Advance::still(const std::vector<Rest>& shards) const {
  return std::equal(last_.begin(), last_.end(), shards.begin(), shards.end(), nothing_happened);
}

}  // namespace convoke
