// What a timer trigger's configuration may say. Pure, but for a time zone that is met for the first
// time (time_zone.h).
//
// cronExpression: "@every DURATION", or six fields, seconds first, perhaps behind
// "CRON_TZ=ZONE ": schedule.h.
#pragma once

#include "core/model/error.h"
#include "core/registry/trigger.h"

namespace convoke {

// InvalidArgument names the member, what is allowed and what was sent.
[[nodiscard]] Result<void> check_timer_config(const TimerTrigger& timer);

}  // namespace convoke
