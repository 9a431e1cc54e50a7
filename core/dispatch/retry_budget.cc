#include "core/dispatch/retry_budget.h"

#include <algorithm>

namespace convoke {
namespace {

constexpr Duration kThousandth = Duration{Seconds{1}} / (1000 * kRetriesASecond);

Duration at_random(Duration most, Rng& rng) {
  return Duration{static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(most.count())))};
}

}  // namespace

void RetryBudget::fill(Instant now) {
  const std::int64_t came = (now - filled_) / kThousandth;
  filled_ += came * kThousandth;
  thousandths_ = std::min(kMost, thousandths_ + came);
}

void RetryBudget::first_attempt(std::uint8_t percent, Instant now) {
  fill(now);
  thousandths_ = std::min(kMost, thousandths_ + percent * (kToken / 100));
}

Duration RetryBudget::retry(Instant now, Rng& rng) {
  fill(now);
  if (thousandths_ - kToken < kLeast) return kTokenWaitMax + at_random(kTokenWaitMax, rng);
  thousandths_ -= kToken;
  if (thousandths_ >= 0) return {};
  // Later by up to a token's time, so that shards and engines do not keep step.
  return -thousandths_ * kThousandth + at_random(kToken * kThousandth, rng);
}

bool RetryBudget::full(Instant now) const {
  return thousandths_ + (now - filled_) / kThousandth >= kMost;
}

}  // namespace convoke
