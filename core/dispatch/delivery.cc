#include "core/dispatch/delivery.h"

#include <fmt/format.h>

#include <algorithm>

namespace convoke {
namespace {

enum class Meaning { kArrived, kAgain, kNever };

Meaning meaning_of_status(int status) {
  if (status >= 200 && status < 300) return Meaning::kArrived;
  if (status == 408 || status == 429 || status >= 500) return Meaning::kAgain;
  return Meaning::kNever;
}

Meaning meaning_of(const PostAnswer& answer) {
  switch (answer.kind) {
    case PostAnswer::Kind::kAnswered:
      return meaning_of_status(answer.status);
    case PostAnswer::Kind::kRefused:
      return Meaning::kNever;
    case PostAnswer::Kind::kFailed:
    case PostAnswer::Kind::kFull:
      break;
  }
  return Meaning::kAgain;
}

AfterAttempt settle_as(Settlement settlement) {
  return {AfterAttempt::Do::kSettle, settlement, {}, {}};
}

std::string_view word_for(const AfterAttempt& after) {
  if (after.action != AfterAttempt::Do::kSettle) return "Retrying";
  return after.settlement == Settlement::kExpired ? "Expired" : "Failed";
}

}  // namespace

AfterAttempt after_delivery(const Call::Lease& lease, const PostAnswer& answer, Millis age_max,
                            WallTime now, Rng& rng) {
  const Meaning meaning = meaning_of(answer);
  if (meaning == Meaning::kArrived) return settle_as(Settlement::kSucceeded);
  if (meaning == Meaning::kNever) return settle_as(Settlement::kFailed);

  const WallTime end = lease.due + age_max;
  const WallTime due = now + backoff(lease.retries, rng);
  if (due > end) return settle_as(Settlement::kExpired);
  const Seconds asked = std::min(answer.retry_after.value_or(Seconds{0}), kDeliveryRetryAfterMax);
  const WallTime as_asked = std::min(now + asked, end);  // a last time, rather than never
  return {AfterAttempt::Do::kPostpone, {}, std::max(due, as_asked), Spends::kAge};
}

std::string destination_status(const AfterAttempt& after, const PostAnswer& answer) {
  if (after.action == AfterAttempt::Do::kSettle && after.settlement == Settlement::kSucceeded) {
    return "Succeeded";
  }
  const std::string why = answer.kind == PostAnswer::Kind::kAnswered
                              ? fmt::format("answered {}", answer.status)
                              : answer.error;
  return fmt::format("{}: {}", word_for(after), why).substr(0, kDestinationStatusMax);
}

}  // namespace convoke
