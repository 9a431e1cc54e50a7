#include "core/dispatch/delivery.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

using Do = AfterAttempt::Do;
using Kind = PostAnswer::Kind;

constexpr WallTime kDue = wall_from_ms(1'000'000);
constexpr Millis kAgeMax{24 * 3'600'000};

PostAnswer answered(int status) {
  PostAnswer answer;
  answer.kind = Kind::kAnswered;
  answer.status = status;
  return answer;
}
PostAnswer unanswered(Kind kind, const char* why = "why") {
  PostAnswer answer;
  answer.kind = kind;
  answer.error = why;
  return answer;
}

AfterAttempt after(const PostAnswer& answer, WallTime now = kDue, std::uint32_t retries = 0) {
  Call::Lease lease;
  lease.due = kDue;
  lease.retries = retries;
  Rng rng = Rng::seeded(1);
  return after_delivery(lease, answer, kAgeMax, now, rng);
}

TEST(Delivery, EveryStatusArrivedIsTriedAgainOrIsGivenUp) {
  for (int status = 200; status < 600; ++status) {
    const AfterAttempt decision = after(answered(status));
    if (status < 300) {
      EXPECT_EQ(decision.action, Do::kSettle) << status;
      EXPECT_EQ(decision.settlement, Settlement::kSucceeded) << status;
    } else if (status == 408 || status == 429 || status >= 500) {
      EXPECT_EQ(decision.action, Do::kPostpone) << status;
      EXPECT_EQ(decision.spends, Spends::kAge) << status;
    } else {
      EXPECT_EQ(decision.action, Do::kSettle) << status;
      EXPECT_EQ(decision.settlement, Settlement::kFailed) << status;
    }
  }
}

TEST(Delivery, NoAnswerAndNoRoomAreTriedAgainARefusalIsNot) {
  EXPECT_EQ(after(unanswered(Kind::kFailed)).action, Do::kPostpone);
  EXPECT_EQ(after(unanswered(Kind::kFull)).action, Do::kPostpone);
  EXPECT_EQ(after(unanswered(Kind::kRefused)).settlement, Settlement::kFailed);
}

TEST(Delivery, WaitsAsTheBackOffSays) {
  for (std::uint32_t retries = 0; retries < 12; ++retries) {
    const Millis wait = after(answered(500), kDue, retries).due - kDue;
    const Millis whole = std::min(kBackoffMax, kBackoffFirst * (1 << retries));
    EXPECT_GE(wait, whole / 2);
    EXPECT_LE(wait, whole);
  }
}

TEST(Delivery, RetryAfterIsHonouredUpToAnHourAndNeverShortensTheBackOff) {
  PostAnswer answer = answered(503);
  answer.retry_after = Seconds{120};
  EXPECT_EQ(after(answer).due, kDue + Seconds{120});
  answer.retry_after = Seconds{86'400};
  EXPECT_EQ(after(answer).due, kDue + kDeliveryRetryAfterMax);
  answer.retry_after = Seconds{1};
  EXPECT_GT(after(answer, kDue, 10).due, kDue + Seconds{100});
}

TEST(Delivery, IsGivenUpWhenItWouldGetTooOld) {
  EXPECT_EQ(after(answered(500), kDue + kAgeMax - Seconds{1}).action, Do::kPostpone);
  const AfterAttempt late = after(answered(500), kDue + kAgeMax);
  EXPECT_EQ(late.action, Do::kSettle);
  EXPECT_EQ(late.settlement, Settlement::kExpired);
  EXPECT_EQ(after(answered(200), kDue + kAgeMax * 2).settlement, Settlement::kSucceeded);
  PostAnswer busy = answered(503);
  busy.retry_after = Seconds{3600};
  EXPECT_EQ(after(busy, kDue + kAgeMax - Seconds{60}).due, kDue + kAgeMax) << "a last time";
}

TEST(Delivery, ItsStatusSaysInWordsWhatBecameOfIt) {
  const auto status = [](const PostAnswer& answer, WallTime now = kDue) {
    return destination_status(after(answer, now), answer);
  };
  EXPECT_EQ(status(answered(204)), "Succeeded");
  EXPECT_EQ(status(answered(404)), "Failed: answered 404");
  EXPECT_EQ(status(answered(503)), "Retrying: answered 503");
  EXPECT_EQ(status(answered(503), kDue + kAgeMax), "Expired: answered 503");
  EXPECT_EQ(status(unanswered(Kind::kRefused, "10.0.0.1 is not a public address")),
            "Failed: 10.0.0.1 is not a public address");
  EXPECT_EQ(status(unanswered(Kind::kFailed, std::string(1000, 'x').c_str())).size(),
            kDestinationStatusMax);
}

}  // namespace
}  // namespace convoke
