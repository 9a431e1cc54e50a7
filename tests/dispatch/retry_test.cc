#include "core/dispatch/retry.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

using Do = AfterAttempt::Do;

constexpr WallTime kDue = wall_from_ms(1'000'000);

Outcome function_error() {
  Outcome outcome;
  outcome.reply.function_error = FunctionError::kUnhandled;
  return outcome;
}

Outcome refused(ErrorCode code) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kRefused;
  outcome.error = Error{code, ""};
  return outcome;
}

AfterAttempt after(Call::Lease lease, const Outcome& outcome, WallTime now = kDue,
                   const RetryPolicy& policy = {}) {
  lease.due = kDue;
  Rng rng = Rng::seeded(1);
  return after_attempt(lease, outcome, policy, now, rng);
}

TEST(Retry, FunctionErrorsSpendAttemptsUpToThree) {
  Call::Lease lease;
  for (std::uint32_t errors = 0; errors < 3; ++errors) {
    lease.function_errors = errors;
    EXPECT_EQ(after(lease, function_error()).action, Do::kPostpone);
    EXPECT_EQ(after(lease, function_error()).spends, Spends::kAttempt);
  }
  lease.function_errors = 3;
  EXPECT_EQ(after(lease, function_error()).action, Do::kSettle);
  EXPECT_EQ(after(lease, function_error()).settlement, Settlement::kFailed);
}

TEST(Retry, ThrottlingSpendsAgeNotAttempts) {
  Call::Lease lease;
  lease.function_errors = 3;
  lease.retries = 1000;
  const AfterAttempt decision = after(lease, refused(ErrorCode::kResourceThrottled));
  EXPECT_EQ(decision.action, Do::kPostpone);
  EXPECT_EQ(decision.spends, Spends::kAge);
}

TEST(Retry, LostInstancesSpendAgeNotAttempts) {
  Call::Lease lease;
  lease.function_errors = 3;
  Outcome lost;
  lost.kind = Outcome::Kind::kLost;
  const AfterAttempt decision = after(lease, lost);
  EXPECT_EQ(decision.action, Do::kPostpone);
  EXPECT_EQ(decision.spends, Spends::kAge);
}

TEST(Retry, ACallWhoseFunctionIsGoneIsInvalid) {
  const AfterAttempt decision = after({}, refused(ErrorCode::kFunctionNotFound));
  EXPECT_EQ(decision.settlement, Settlement::kInvalid);
}

TEST(Retry, ACallWhoseRootHasUsedUpItsBudgetFailsForGood) {
  const AfterAttempt decision = after({}, refused(ErrorCode::kInvocationBudgetExceeded));
  EXPECT_EQ(decision.action, Do::kSettle);
  EXPECT_EQ(decision.settlement, Settlement::kFailed);
}

TEST(Retry, ABouncedCallGoesBackAndSpendsNothing) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kBounced;
  EXPECT_EQ(after({}, outcome).action, Do::kGiveBack);
}

TEST(Retry, ACallWhoseInstanceWentBeforeItBeganComesAfterAPause) {
  Call::Lease lease;
  lease.function_errors = 3;
  Outcome outcome;
  outcome.kind = Outcome::Kind::kBounced;
  outcome.error = Error{ErrorCode::kServiceUnavailable, "it has not run"};
  const AfterAttempt decision = after(lease, outcome);
  EXPECT_EQ(decision.action, Do::kPostpone);
  EXPECT_EQ(decision.spends, Spends::kAge);
}

TEST(Retry, ACallThatWouldRunPastItsAgeExpires) {
  const WallTime late = kDue + kAsyncAgeMaxDefault;
  EXPECT_EQ(after({}, refused(ErrorCode::kResourceThrottled), late).settlement,
            Settlement::kExpired);
}

TEST(Retry, ThePolicyIsWhatTheConfigSaysAndTheDefaultsForTheRest) {
  EXPECT_EQ(retry_policy(nullptr).retries_max, 3U);
  EXPECT_EQ(retry_policy(nullptr).age_max, Seconds{86'400});
  AsyncConfig config;
  EXPECT_EQ(retry_policy(&config).retries_max, 3U);
  config.retries_max = 0;
  EXPECT_EQ(retry_policy(&config).retries_max, 0U);
  EXPECT_EQ(retry_policy(&config).age_max, Seconds{86'400});
  config.age_max = Seconds{604'800};
  EXPECT_EQ(retry_policy(&config).age_max, Seconds{604'800});
}

TEST(Retry, WithoutRetriesTheFirstFunctionErrorIsTheLastAndThrottlingIsNot) {
  EXPECT_EQ(after({}, function_error(), kDue, {0, Seconds{60}}).settlement, Settlement::kFailed);
  EXPECT_EQ(after({}, refused(ErrorCode::kResourceThrottled), kDue, {0, Seconds{60}}).action,
            Do::kPostpone);
}

TEST(Retry, AShorterAgeExpiresACallSooner) {
  const Outcome throttled = refused(ErrorCode::kResourceThrottled);
  EXPECT_EQ(after({}, throttled, kDue + Seconds{2}, {3, Seconds{1}}).settlement,
            Settlement::kExpired);
  EXPECT_EQ(after({}, throttled, kDue + Seconds{2}, {3, Seconds{60}}).action, Do::kPostpone);
}

TEST(Retry, BackoffDoublesFromHalfASecondToFiveMinutesWithJitter) {
  Rng rng = Rng::seeded(7);
  for (std::uint32_t retries = 0; retries < 64; ++retries) {
    const Millis whole = std::min(kBackoffMax, Millis{500LL << std::min(retries, 20U)});
    for (int i = 0; i < 100; ++i) {
      const Millis delay = backoff(retries, rng);
      EXPECT_GE(delay, whole / 2);
      EXPECT_LE(delay, whole);
    }
  }
}

}  // namespace
}  // namespace convoke
