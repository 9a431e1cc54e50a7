#include "core/dispatch/retry_budget.h"

#include <gtest/gtest.h>

#include <vector>

namespace convoke {
namespace {

constexpr Instant kNow{};
constexpr std::uint8_t kTenPercent = 10;

class RetryBudgetTest : public ::testing::Test {
 protected:
  RetryBudget budget{kNow};
  Rng rng = Rng::seeded(5);
  int without_wait(Instant now) {
    int retries = 0;
    while (retries < 1000 && budget.retry(now, rng) == Duration{}) ++retries;
    return retries;
  }
};

TEST_F(RetryBudgetTest, BeginsFull) { EXPECT_EQ(without_wait(kNow), kRetriesSaved); }

TEST_F(RetryBudgetTest, IsFilledAgainByTheSecondAndNeverMoreThanFull) {
  (void)without_wait(kNow);
  EXPECT_EQ(without_wait(kNow + Seconds{5}), 5 * kRetriesASecond - 1) << "one was promised before";
  EXPECT_EQ(without_wait(kNow + std::chrono::hours{24}), kRetriesSaved);
}

TEST_F(RetryBudgetTest, TenFirstAttemptsEarnARetry) {
  (void)without_wait(kNow);
  for (int i = 0; i < 30; ++i) budget.first_attempt(kTenPercent, kNow);
  EXPECT_EQ(without_wait(kNow), 2) << "one was promised before";
}

TEST_F(RetryBudgetTest, WithoutATokenEachWaitsForOneThatIsStillToCome) {
  constexpr Duration kOne = Duration{Seconds{1}} / kRetriesASecond;
  (void)without_wait(kNow);  // the first of them waits for the first that comes
  for (int token = 2; token < 1000; ++token) {
    const Duration wait = budget.retry(kNow, rng);
    EXPECT_GE(wait, token * kOne);
    EXPECT_LE(wait, (token + 1) * kOne);
  }
}

TEST_F(RetryBudgetTest, NoneWaitsForLongerThanABackOffMay) {
  for (int i = 0; i < 10'000; ++i) EXPECT_LE(budget.retry(kNow, rng), 2 * kTokenWaitMax);
  EXPECT_GE(budget.retry(kNow, rng), kTokenWaitMax);
}

TEST_F(RetryBudgetTest, ThousandsOfFailuresComeAgainAtNoMoreThanSomeASecond) {
  int within_a_minute = 0;
  for (int call = 0; call < 5000; ++call) {
    budget.first_attempt(kTenPercent, kNow);
    if (budget.retry(kNow, rng) <= Seconds{60}) ++within_a_minute;
  }
  EXPECT_LE(within_a_minute, kRetriesSaved + 60 * kRetriesASecond + 500);
  EXPECT_GE(within_a_minute, kRetriesSaved + 50 * kRetriesASecond);
}

TEST_F(RetryBudgetTest, IsFullAgainWhenAllHasCome) {
  EXPECT_TRUE(budget.full(kNow));
  (void)budget.retry(kNow, rng);
  EXPECT_FALSE(budget.full(kNow));
  EXPECT_TRUE(budget.full(kNow + Seconds{1}));
}

}  // namespace
}  // namespace convoke
