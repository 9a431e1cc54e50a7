#include "core/dispatch/retry.h"

#include <algorithm>

namespace convoke {
namespace {

bool is_function_error(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kTimedOut:
    case Outcome::Kind::kNotStarted:
      return true;
    case Outcome::Kind::kReplied:
      return outcome.reply.function_error != FunctionError::kNone;
    default:
      return false;
  }
}

bool function_is_gone(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::kRefused && outcome.error &&
         (outcome.error->code == ErrorCode::kFunctionNotFound ||
          outcome.error->code == ErrorCode::kAliasNotFound ||
          outcome.error->code == ErrorCode::kVersionNotFound);
}

// Its root has used up what it may cause: that is no reason to try again.
bool budget_is_spent(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::kRefused && outcome.error &&
         outcome.error->code == ErrorCode::kInvocationBudgetExceeded;
}

AfterAttempt settle_as(Settlement settlement) {
  return {AfterAttempt::Do::kSettle, settlement, {}, {}};
}

}  // namespace

bool succeeded(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::kReplied && !outcome.reply.system_error &&
         outcome.reply.function_error == FunctionError::kNone;
}

RetryPolicy retry_policy(const AsyncConfig* config) {
  if (config == nullptr) return {};
  return {config->retries_max.value_or(kAsyncRetriesDefault),
          config->age_max.value_or(kAsyncAgeMaxDefault)};
}

Millis backoff_max(std::uint32_t retries) {
  const std::uint32_t doublings = std::min<std::uint32_t>(retries, 20);
  return std::min(kBackoffMax, Millis{kBackoffFirst.count() << doublings});
}

Millis backoff(std::uint32_t retries, Rng& rng) {
  const auto half = backoff_max(retries).count() / 2;
  return Millis{half + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(half) + 1))};
}

AfterAttempt after_attempt(const Call::Lease& lease, const Outcome& outcome,
                           const RetryPolicy& policy, WallTime now, Rng& rng) {
  if (succeeded(outcome)) return settle_as(Settlement::kSucceeded);
  if (function_is_gone(outcome)) return settle_as(Settlement::kInvalid);
  if (budget_is_spent(outcome)) return settle_as(Settlement::kFailed);
  if (outcome.kind == Outcome::Kind::kStopped) return settle_as(Settlement::kStopped);
  // With an error, an instance went under it: a function whose instances always do must not have
  // them started as fast as they go.
  if (outcome.kind == Outcome::Kind::kBounced && !outcome.error) {
    return {AfterAttempt::Do::kGiveBack, {}, {}, {}};
  }

  const bool function_error = is_function_error(outcome);
  if (function_error && lease.function_errors >= policy.retries_max) {
    return settle_as(Settlement::kFailed);
  }
  const WallTime due = now + backoff(lease.retries, rng);
  if (due > lease.due + policy.age_max) return settle_as(Settlement::kExpired);
  return {AfterAttempt::Do::kPostpone, {}, due, function_error ? Spends::kAttempt : Spends::kAge};
}

}  // namespace convoke
