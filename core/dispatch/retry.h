// When an asynchronous call runs again, and what that costs. Pure.
#pragma once

#include <cstdint>

#include "core/dispatch/call.h"
#include "core/edge/rng.h"
#include "core/model/function.h"
#include "core/model/instant.h"
#include "core/registry/definitions.h"
#include "queue/queue.h"

namespace convoke {

struct RetryPolicy {
  std::uint32_t retries_max = kAsyncRetriesDefault;  // of function errors
  Millis age_max = kAsyncAgeMaxDefault;              // from the call's due time
};

[[nodiscard]] bool succeeded(const Outcome& outcome);

// What the call's config says, and the defaults for the rest; nullptr: no config.
[[nodiscard]] RetryPolicy retry_policy(const AsyncConfig* config);

// Function Compute: 0.5 s, doubling. The cap and the jitter are ours.
inline constexpr Millis kBackoffFirst{500};
inline constexpr Millis kBackoffMax{300'000};

struct AfterAttempt {
  enum class Do : std::uint8_t { kSettle, kPostpone, kGiveBack };
  Do action = Do::kSettle;
  Settlement settlement = Settlement::kSucceeded;  // kSettle
  WallTime due{};                                  // kPostpone
  Spends spends = Spends::kAge;                    // kPostpone
};

[[nodiscard]] AfterAttempt after_attempt(const Call::Lease& lease, const Outcome& outcome,
                                         const RetryPolicy& policy, WallTime now, Rng& rng);

// Between half and the whole of the doubled delay (backoff_max). `retries` counts from 0.
[[nodiscard]] Millis backoff_max(std::uint32_t retries);
[[nodiscard]] Millis backoff(std::uint32_t retries, Rng& rng);

}  // namespace convoke
