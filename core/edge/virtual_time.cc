#include "core/edge/virtual_time.h"

#include "core/model/error.h"

namespace convoke {

void VirtualTime::move_to(Millis passed) {
  ENSURE(passed >= passed_);
  passed_ = passed;
}

bool VirtualTime::overdue() const {
  const std::optional<Instant> wakeup = wheel_.next_wakeup();
  return wakeup && *wakeup <= now();
}

std::optional<Millis> VirtualTime::next() const {
  const std::optional<Instant> wakeup = wheel_.next_wakeup();
  if (!wakeup) return std::nullopt;
  return std::chrono::ceil<Millis>(*wakeup - origin_.monotonic);
}

}  // namespace convoke
