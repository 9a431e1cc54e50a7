// When kill switches end by themselves, and when what they let out gradually may have more: one
// timer, for the registry's desk.
//
// Each engine of several has its own; whichever is first ends the switch, by a change like any
// other. A switch that could not be ended (the registry's server is away) is tried again.
//
// First shard's thread only; callbacks are made from the timer, never from inside a call.
#pragma once

#include <functional>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"

namespace convoke {

class SwitchTimes {
 public:
  struct Told {
    std::function<void(EndSwitch)> over;
    std::function<void(const SwitchScope&)> more;  // may be let out
  };
  // The clock that calls live by.
  SwitchTimes(const Clock& clock, TimerWheel& wheel, const Directory& directory, Told told)
      : clock_(clock), wheel_(wheel), directory_(directory), told_(std::move(told)) {}
  SwitchTimes(const SwitchTimes&) = delete;  // the wheel holds our address
  SwitchTimes& operator=(const SwitchTimes&) = delete;

  void on_change() { schedule(clock_.wall()); }  // the directory has other switches

 private:
  static constexpr Seconds kTryAgainAfter{1};
  static constexpr int kRampSteps = 50;

  void on_time();
  void schedule(WallTime from);

  const Clock& clock_;
  TimerWheel& wheel_;
  const Directory& directory_;
  const Told told_;
  Timer timer_ = timer_for<&SwitchTimes::on_time>(this);
};

}  // namespace convoke
