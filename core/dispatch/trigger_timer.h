// The timer that a trigger asks for. Pure, but for time zones (core/registry/time_zone.h).
#pragma once

#include <optional>

#include "core/dispatch/timers.h"
#include "core/registry/trigger.h"

namespace convoke {

// nullopt: it asks for none, being of another type or not enabled. An error: this machine lacks its
// time zone, which whoever took the trigger had.
[[nodiscard]] Result<std::optional<TimerSpec>> timer_of(const Trigger& trigger);

}  // namespace convoke
