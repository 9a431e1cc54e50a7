#include "core/guard/budget.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

constexpr Budget kBudget{10, 20, 3};

BudgetLimit first(const Spent& spent) { return limit_reached(spent, kBudget, Attempting::kFirst); }

TEST(Budget, OneBelowEachLimitNothingIsReached) {
  EXPECT_EQ(first({9, 19, 2999}), BudgetLimit::kNone);
  EXPECT_EQ(first({10, 0, 0}), BudgetLimit::kInvocations);
  EXPECT_EQ(first({0, 20, 0}), BudgetLimit::kAttempts);
  EXPECT_EQ(first({0, 0, 3000}), BudgetLimit::kSeconds);
}

TEST(Budget, ACallThatHasBegunMayBeTriedAgainWhenNoOtherMayBegin) {
  EXPECT_EQ(limit_reached({10, 19, 0}, kBudget, Attempting::kAgain), BudgetLimit::kNone);
  EXPECT_EQ(limit_reached({10, 20, 0}, kBudget, Attempting::kAgain), BudgetLimit::kAttempts);
}

TEST(Budget, TheErrorNamesTheRootTheLimitAndTheSettingThatChangesIt) {
  const CallId root = CallId::from_random(1, 2);
  const Error error = budget_error(BudgetLimit::kSeconds, kBudget, root, "s/f");
  EXPECT_EQ(error.name(), "InvocationBudgetExceeded");
  EXPECT_EQ(error.http_status(), 400);
  for (const std::string& part :
       {root.text(), std::string("3 seconds"), std::string("budget.seconds"), std::string("s/f")}) {
    EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
  }
}

}  // namespace
}  // namespace convoke
