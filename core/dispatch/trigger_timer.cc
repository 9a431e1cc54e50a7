#include "core/dispatch/trigger_timer.h"

#include <utility>

namespace convoke {

Result<std::optional<TimerSpec>> timer_of(const Trigger& trigger) {
  const auto* const timer = trigger.as<TimerTrigger>();
  if (timer == nullptr || !timer->enabled) return std::optional<TimerSpec>();
  auto schedule = Schedule::parse(timer->cron_expression);
  if (!schedule) return schedule.error();
  return std::optional<TimerSpec>(TimerSpec{trigger.id,
                                            trigger.function_id,
                                            trigger.qualifier,
                                            trigger.name,
                                            timer->payload,
                                            {*schedule, trigger.modified, kLateMax}});
}

}  // namespace convoke
