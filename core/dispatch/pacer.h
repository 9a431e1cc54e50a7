// How fast the queued calls of each function are tried on this shard: its window (call_window.h)
// and its retry budget (retry_budget.h), by the rule that the function has.
//
// Shard thread only. Nothing is kept of a function that nothing is wrong with, beyond
// kPacesKeptMin of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/dispatch/call.h"
#include "core/dispatch/call_window.h"
#include "core/dispatch/retry_budget.h"
#include "core/edge/clock.h"
#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "core/model/pace_rule.h"
#include "core/registry/directory.h"

namespace convoke {

inline constexpr std::size_t kPacesKeptMin = 1024;

// Counted since start.
struct PaceCounters {
  std::uint64_t retries_held = 0;  // had no token, and wait for one
  std::uint64_t cuts = 0;          // of windows; pauses too
};

class Pacer {
 public:
  // A window has room again, or will be asked whether it has; runs from the wheel.
  using OnRoom = std::function<void(FunctionId)>;
  Pacer(const Clock& clock, TimerWheel& wheel, const Directory& directory, Rng rng, OnRoom on_room)
      : clock_(clock),
        wheel_(wheel),
        directory_(directory),
        rng_(std::move(rng)),
        on_room_(std::move(on_room)) {}

  // How many more of its queued calls may begin; kWindowOpen: as many as there are slots for.
  [[nodiscard]] std::uint32_t room(FunctionId function) const;

  void began(FunctionId function, std::size_t calls);    // were taken out of the store
  void ended(const Call& call, const Outcome& outcome);  // each of them, once
  // It is to be tried again: how long it must wait for that at least. Of a call that has ended.
  [[nodiscard]] Duration retry(const Call& call, const Outcome& outcome);

  // Where the window is not open; for those who ask what holds a call.
  struct Held {
    std::uint32_t limit = 0;
    std::uint32_t under_way = 0;
    Instant paused_until{};
  };
  [[nodiscard]] std::optional<Held> held(FunctionId function) const;
  [[nodiscard]] std::size_t functions_held() const { return not_open_; }
  [[nodiscard]] const PaceCounters& counters() const { return counters_; }

 private:
  struct Pace {
    explicit Pace(Instant now) : budget(now) {}
    CallWindow window;
    RetryBudget budget;
    PaceRule rule;
    std::optional<Instant> look_at;  // it is in to_look_at_
  };
  [[nodiscard]] Pace& pace_of(FunctionId function);
  [[nodiscard]] const CallWindow* narrow_window(FunctionId function) const;
  void forget_calm();
  void look_at(FunctionId function, Pace& pace, Instant at);
  void look_at_all();
  void look(FunctionId function, Pace& pace);

  const Clock& clock_;
  TimerWheel& wheel_;
  const Directory& directory_;
  Rng rng_;
  const OnRoom on_room_;
  std::unordered_map<FunctionId, Pace> paces_;
  std::size_t kept_max_ = kPacesKeptMin;
  std::size_t not_open_ = 0;  // windows
  std::vector<FunctionId> to_look_at_;
  PaceCounters counters_;
  Timer next_look_ = timer_for<&Pacer::look_at_all>(this);
};

}  // namespace convoke
