#include "core/dispatch/timer_plan.h"

#include <algorithm>

namespace convoke {

TimerLook look_at(const TimerPlan& plan, WallTime done, WallTime now) {
  TimerLook look;
  const WallTime from = std::max(done, plan.since);
  const auto first = plan.schedule.next(from, plan.since);
  if (!first || *first > now) {
    look.wake = first;
    return look;
  }
  // A due time that is as old as `late_max` still counts.
  const WallTime oldest = now - plan.late_max - Millis{1};
  look.fire = plan.schedule.last(std::max(from, oldest), now, plan.since);
  if (look.fire != first) look.passed_over = first;
  if (!look.fire) look.wake = plan.schedule.next(now, plan.since);
  return look;
}

}  // namespace convoke
