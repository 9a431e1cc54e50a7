// Calls that grow too old while they wait: of a function that is stopped or has no slot free,
// nobody else would look at them before it runs again.
//
// Looks at a function's oldest call alone, when that comes of age by what is known of it here: its
// accept time and its function's config, and within kLookAtOnce of that. What came of age by
// another clock (it was delayed, a qualifier has a config of its own, the config has changed) is
// seen within kLookEvery.
//
// Shard thread only.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/model/ids.h"

namespace convoke {

class Expiry {
 public:
  static constexpr Millis kLookEvery = std::chrono::minutes{10};
  static constexpr Seconds kLookAtOnce{1};  // so that a busy function costs a look a second

  struct Hooks {
    // When the oldest call that waits here is too old; nullopt: none waits.
    std::function<std::optional<WallTime>(FunctionId)> ages_out;
    // It seems to be: it and some behind it are to be claimed, and those that are to be expired.
    std::function<void(FunctionId)> overdue;
  };
  Expiry(const Clock& clock, TimerWheel& wheel, Hooks hooks)
      : clock_(clock), wheel_(wheel), hooks_(std::move(hooks)) {}

  void on_ready(FunctionId function);    // it has calls that wait
  void on_expired(FunctionId function);  // a call of it: there may be more

 private:
  void look_within(Duration wait);
  void look();

  const Clock& clock_;
  TimerWheel& wheel_;
  Hooks hooks_;
  std::unordered_set<FunctionId> waiting_;
  std::unordered_map<FunctionId, WallTime> asked_;  // when overdue() was said, for nothing so far
  Instant look_at_{};                               // if it is scheduled
  Timer next_look_ = timer_for<&Expiry::look>(this);
};

}  // namespace convoke
