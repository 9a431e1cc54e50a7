// Queued calls of stopped trees, of functions that nobody would claim them for: switched off, or
// busy for long.
//
// Goes through the functions that have calls ready, one at a time, and has the first of each
// claimed to be ended; as long as a claim brings some that were stopped, once more of the same
// function. What stands behind others' calls, or is not yet due, ends when it is claimed in its
// turn: nothing of a stopped tree starts in any case.
//
// Shard thread only.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/model/ids.h"

namespace convoke {

class TreeSweep {
 public:
  struct Hooks {
    std::function<std::deque<FunctionId>()> with_backlog;
    // Some of its calls are to be claimed, and those that are to be ended. False: none will be.
    std::function<bool(FunctionId)> claim;
  };
  TreeSweep(const Clock& clock, TimerWheel& wheel, Hooks hooks)
      : clock_(clock), wheel_(wheel), hooks_(std::move(hooks)) {}

  // A tree was stopped. Looks in a later turn, once for all that were stopped by then.
  void begin() { wheel_.schedule(look_, clock_.now()); }
  // The answer to a claim, whoever made it: how many of the calls were of stopped trees.
  void on_claimed(FunctionId function, std::size_t stopped);

 private:
  void look();
  void next();

  const Clock& clock_;
  TimerWheel& wheel_;
  const Hooks hooks_;
  std::deque<FunctionId> functions_;     // to look at
  std::optional<FunctionId> looked_at_;  // its claim is under way
  Timer look_ = timer_for<&TreeSweep::look>(this);
};

}  // namespace convoke
