#include "core/registry/shared/silence.h"

#include <utility>

namespace convoke::shared_registry {

std::vector<Beating> Silence::may_hold(const std::vector<Beating>& engines, Instant asked,
                                       Instant told) {
  std::vector<Beating> those;
  std::map<std::string, Seen> now;
  for (const Beating& one : engines) {
    const auto before = seen_.find(one.engine);
    const bool again = before != seen_.end() && before->second.beat == one.last_beat;
    Seen seen = again ? before->second : Seen{one.last_beat, told, std::nullopt};
    if (!seen.since && asked > seen.told) seen.since = asked;
    const bool silent = seen.since && asked - *seen.since >= silent_after_;
    if (!silent) those.push_back(one);
    now.emplace(one.engine, std::move(seen));
  }
  seen_ = std::move(now);
  return those;
}

}  // namespace convoke::shared_registry
