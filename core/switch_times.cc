#include "core/switch_times.h"

#include <algorithm>
#include <optional>

namespace convoke {
namespace {

// How long one step of a ramp takes: short enough to be gradual, and no shorter than the wheel is
// worth turning for.
Millis step_of(const KillSwitch& ramp, int steps) {
  return std::max(Millis{100}, Millis{(*ramp.until - ramp.since) / Millis{1} / steps});
}

}  // namespace

// A switch that is over and still there was told of, and is told of again.
void SwitchTimes::schedule(WallTime from) {
  std::optional<WallTime> next;
  const auto sooner = [&](WallTime at) { next = next ? std::min(*next, at) : at; };
  for (const SwitchPtr& one : directory_.switches()) {
    if (!one->until) continue;
    sooner(std::max(*one->until, from));
    if (!one->disabled) sooner(std::max(from, clock_.wall() + step_of(*one, kRampSteps)));
  }
  timer_.cancel();
  if (next) wheel_.schedule(timer_, clock_.now() + std::max(Millis{0}, *next - clock_.wall()));
}

void SwitchTimes::on_time() {
  const WallTime now = clock_.wall();
  bool over = false;
  for (const SwitchPtr& one : directory_.switches()) {
    if (one->until && now >= *one->until) {
      over = true;
      told_.over(EndSwitch{one->scope, one->version});
    } else if (!one->disabled) {
      told_.more(one->scope);
    }
  }
  schedule(over ? now + kTryAgainAfter : now);
}

}  // namespace convoke
