// Which due time a timer fires for now, and when it is looked at again. Pure.
//
// On time, each due time is fired for once. Where the timer could not fire (no engine ran, the
// queue refused, the clock was put forward), the due times that went by do not pile up: the last of
// them is fired for, if it is not older than `late_max`, and the others are passed over.
//
// Due times up to `done` are over, whatever the clock says: one that is put back fires none again.
#pragma once

#include <chrono>
#include <optional>

#include "core/model/instant.h"
#include "core/registry/schedule.h"

namespace convoke {

struct TimerPlan {
  Schedule schedule;
  WallTime since{};  // when the timer was last changed: due times before it were another timer's
  Seconds late_max{};
};
// Long enough for a restart or an update; a job that an outage held up for longer is not a surprise
// that should come in the middle of the day. At most 24 hours (kFiredKept, queue/history).
inline constexpr Seconds kLateMax{std::chrono::hours{1}};

struct TimerLook {
  std::optional<WallTime> fire;         // for this due time, now
  std::optional<WallTime> wake;         // nothing is due: look again then; nullopt: never
  std::optional<WallTime> passed_over;  // the first of the due times that are not fired for
};

// `done`: the last due time that is over; WallTime{}: none yet.
[[nodiscard]] TimerLook look_at(const TimerPlan& plan, WallTime done, WallTime now);

}  // namespace convoke
