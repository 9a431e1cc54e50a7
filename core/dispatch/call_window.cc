#include "core/dispatch/call_window.h"

#include <algorithm>

#include "core/model/error.h"

namespace convoke {

std::uint32_t CallWindow::room(Instant now) const {
  if (open()) return kWindowOpen;
  if (now < paused_until_ || under_way_ >= limit_) return 0;
  return limit_ - under_way_;
}

void CallWindow::began(std::uint32_t calls) {
  under_way_ += calls;
  // More than there is room for were asked for before it was cut.
  if (!open() && under_way_ > limit_) before_cut_ = std::max(before_cut_, under_way_);
}

void CallWindow::ended(Ended how, Duration took, Instant now, Rng& rng) {
  ENSURE(under_way_ > 0);
  --under_way_;
  const bool old = one_of_the_last_window();
  if (how == Ended::kNotBegun) return;
  if (how == Ended::kOverloaded) {
    if (!old && now >= paused_until_) overloaded(now, rng);
    return;
  }
  last_pause_ = {};
  if (how == Ended::kOtherwise) return;
  if (how == Ended::kWell) succeeded();
  measure(took, now);
}

bool CallWindow::one_of_the_last_window() {
  if (before_cut_ == 0) return false;
  --before_cut_;
  return true;
}

void CallWindow::overloaded(Instant now, Rng& rng) {
  const std::uint32_t were_under_way = open() ? under_way_ + 1 : limit_;
  if (were_under_way == 1) pause(now, rng);
  cut(were_under_way, now);
}

void CallWindow::cut(std::uint32_t were_under_way, Instant now) {
  if (open()) too_many_ = were_under_way;
  limit_ = std::max<std::uint32_t>(1, were_under_way / 2);
  successes_ = 0;
  before_cut_ = under_way_;
  cut_at_ = now;
  ++cuts_;
}

void CallWindow::pause(Instant now, Rng& rng) {
  last_pause_ = std::clamp<Duration>(2 * last_pause_, kOverloadPauseFirst, kOverloadPauseMax);
  const Duration half = last_pause_ / 2;
  paused_until_ =
      now + half +
      Duration{static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(half.count()) + 1))};
}

void CallWindow::succeeded() {
  if (open() || ++successes_ < limit_) return;
  successes_ = 0;
  if (++limit_ > 2 * too_many_) lift();
}

void CallWindow::measure(Duration took, Instant now) {
  fastest_ = std::min(fastest_, took);
  if (++samples_ < std::max(kSlowSamples, under_way_)) return;
  const bool first = fastest_of_all_ == Duration::max();
  const bool slow =
      !first && fastest_ / kSlowTimes > fastest_of_all_ && fastest_ - fastest_of_all_ > kSlowLeast;
  const std::uint32_t were_under_way = under_way_ + 1;
  if (slow && were_under_way > 1) cut(std::min(limit_, were_under_way), now);
  fastest_of_all_ = slow ? fastest_ : std::min(fastest_, fastest_of_all_);
  fastest_ = Duration::max();
  samples_ = 0;
}

void CallWindow::lift() {
  limit_ = kWindowOpen;
  too_many_ = 0;
  before_cut_ = 0;
  successes_ = 0;
  paused_until_ = {};
  last_pause_ = {};
}

}  // namespace convoke
