// How many of a function's queued calls may be tried again: a token bucket. Pure.
//
// A first attempt earns a part of a token, a retry costs one, and a few come by themselves, so that
// a quiet function's retries go on. It begins full. A retry for which there is none takes one that
// is still to come, and waits for it; so no call is looked at in vain meanwhile, and the store
// holds what it held before. Where too many have done so, the others wait for as long as a call may
// back off at most, and half of that at least: a bucket that is empty postpones, it loses nothing.
//
// So in t seconds a shard retries at most kRetriesSaved + 10 t + a tenth (PaceRule::retry_percent)
// of its first attempts, and besides each call that waits for no token once in kTokenWaitMax.
//
// One for each function and shard: shards need no common cache line for it, and engines that share
// a queue are as independent of each other.
#pragma once

#include <cstdint>

#include "core/edge/rng.h"
#include "core/model/instant.h"

namespace convoke {

inline constexpr std::int64_t kRetriesSaved = 100;   // tokens that can be saved up
inline constexpr std::int64_t kRetriesASecond = 10;  // that come by themselves, on each shard
inline constexpr Seconds kTokenWaitMax{150};         // for a token that is still to come

class RetryBudget {
 public:
  explicit RetryBudget(Instant now) : filled_(now) {}

  // A first attempt has ended; it earns `percent` hundredths of a token.
  void first_attempt(std::uint8_t percent, Instant now);
  // A call is to be tried again: how long it must wait at least. 0: there was a token.
  [[nodiscard]] Duration retry(Instant now, Rng& rng);

  [[nodiscard]] bool full(Instant now) const;

 private:
  void fill(Instant now);

  static constexpr std::int64_t kToken = 1000;
  static constexpr std::int64_t kMost = kRetriesSaved * kToken;
  static constexpr std::int64_t kLeast = -kTokenWaitMax.count() * kRetriesASecond * kToken;
  std::int64_t thousandths_ = kMost;  // below 0: promised
  Instant filled_;                    // what came by itself until then is in it
};

}  // namespace convoke
