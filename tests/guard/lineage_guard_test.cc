#include "core/guard/lineage_guard.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/guard/root_ledger.h"
#include "core/registry/recursion_config.h"

namespace convoke {
namespace {

struct SteppedClock final : Clock {
  [[nodiscard]] Instant now() const override { return time; }
  [[nodiscard]] WallTime wall() const override { return {}; }
  Instant time{};
};

struct LineageGuardTest : testing::Test {
  LineageGuardTest() {
    auto service = std::make_shared<Service>();
    service->name = "s";
    directory.apply({1, ServicePut{service}});
  }
  static FunctionPtr function(const RecursionRule& rule) {
    auto made = std::make_shared<Function>();
    made->id = FunctionId{7};
    made->spec.service = "s";
    made->spec.name = "f";
    made->extra.emplace(kRecursionMember, write_recursion(rule));
    return made;
  }
  // Of the call number `calls` of a chain through the function alone.
  static Lineage lineage(int calls) {
    Lineage made = root_lineage(kRoot, FunctionId{7});
    for (int i = 1; i < calls; ++i) made = child_lineage(made, kRoot, FunctionId{7});
    return made;
  }
  std::optional<Error> refuses(const Function& function, const Lineage& lineage) {
    return guard.refuses({kCall, lineage, function}, Attempting::kFirst);
  }
  std::optional<Error> begin(const Function& function, const Lineage& lineage,
                             Attempting attempting = Attempting::kFirst) {
    return guard.begin({kCall, lineage, function}, attempting);
  }
  static RecursionRule budget(std::uint32_t invocations,
                              RecursionMode mode = RecursionMode::kEnforce) {
    return {16, mode, {invocations, 3, 5}};
  }

  inline static const CallId kCall = CallId::from_random(3, 4);
  inline static const CallId kRoot = CallId::from_random(1, 2);
  SteppedClock clock;
  Directory directory;
  RootLedger ledger;
  std::vector<std::string> said;
  LineageGuard guard{clock, directory, ledger,
                     [this](std::string_view what) { said.emplace_back(what); }};
};

TEST_F(LineageGuardTest, RefusesByTheFunctionsOwnRuleAndCounts) {
  const FunctionPtr strict = function({2, RecursionMode::kEnforce});
  directory.apply({2, FunctionPut{strict}});
  EXPECT_FALSE(refuses(*strict, lineage(2)));
  const auto refused = refuses(*strict, lineage(3));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, ErrorCode::kRecursiveInvocation);
  EXPECT_NE(refused->message.find("s/f -> s/f -> s/f"), std::string::npos) << refused->message;
  EXPECT_EQ(guard.counters().recursion_refused, 1U);
  EXPECT_EQ(guard.counters().recursion_warned, 0U);
}

TEST_F(LineageGuardTest, ARehearsalRefusesNothingCountsAllAndSpeaksOnceASecond) {
  const FunctionPtr rehearsed = function({1, RecursionMode::kWarn});
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(refuses(*rehearsed, lineage(2)));
  EXPECT_EQ(guard.counters().recursion_warned, 5U);
  EXPECT_EQ(guard.counters().recursion_refused, 0U);
  EXPECT_EQ(said.size(), 1U);
  clock.time += Seconds{1};
  EXPECT_FALSE(refuses(*rehearsed, lineage(2)));
  EXPECT_EQ(said.size(), 2U);
}

TEST_F(LineageGuardTest, ARootIsNeverOneTooMany) {
  EXPECT_FALSE(refuses(*function({1, RecursionMode::kEnforce}), lineage(1)));
}

TEST_F(LineageGuardTest, ChargesWhatBeginsAndStopsAtTheBudget) {
  const FunctionPtr small = function(budget(2));
  EXPECT_FALSE(begin(*small, lineage(2)));
  EXPECT_FALSE(refuses(*small, lineage(2)));
  EXPECT_FALSE(begin(*small, lineage(2)));
  EXPECT_EQ(begin(*small, lineage(2))->code, ErrorCode::kInvocationBudgetExceeded);
  EXPECT_EQ(refuses(*small, lineage(2))->code, ErrorCode::kInvocationBudgetExceeded);
  EXPECT_EQ(guard.counters().budget_refused, 2U);
  EXPECT_TRUE(guard.is_spent(*small, lineage(2)));
  EXPECT_FALSE(guard.is_spent(*function(budget(9)), lineage(2))) << "by its own rule it may run";
  EXPECT_FALSE(begin(*small, lineage(2), Attempting::kAgain)) << "a retry is no invocation";
  EXPECT_TRUE(begin(*small, lineage(2), Attempting::kAgain)) << "it is an attempt";
}

TEST_F(LineageGuardTest, ByDefaultTenThousandBegin) {
  const Function plain;
  int begun = 0;
  while (!begin(plain, lineage(2))) ++begun;
  EXPECT_EQ(begun, 10'000);
}

TEST_F(LineageGuardTest, RunningTimeIsChargedToTheRoot) {
  const FunctionPtr small = function(budget(9));
  EXPECT_FALSE(begin(*small, lineage(2)));
  guard.end({kCall, lineage(2), *small}, TreeState::kSucceeded, Seconds{5});
  EXPECT_NE(begin(*small, lineage(2))->message.find("budget.seconds"), std::string::npos);
}

TEST_F(LineageGuardTest, ARehearsalGoesOnBeyondItsBudgetAndCounts) {
  const FunctionPtr rehearsed = function(budget(1, RecursionMode::kWarn));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(refuses(*rehearsed, lineage(2)));
    EXPECT_FALSE(begin(*rehearsed, lineage(2)));
  }
  EXPECT_EQ(guard.counters().budget_warned, 2U);
  EXPECT_EQ(guard.counters().budget_refused, 0U);
  EXPECT_EQ(said.size(), 1U);
}

TEST_F(LineageGuardTest, WhatIsAllowedIsChargedAndNeverSpokenOf) {
  const FunctionPtr allowed = function(budget(1, RecursionMode::kAllow));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(begin(*allowed, lineage(2)));
  EXPECT_EQ(ledger.spent(kRoot).invocations, 3U) << "others of the tree may have a limit";
  EXPECT_EQ(guard.counters().budget_warned, 0U);
  EXPECT_TRUE(said.empty());
}

TEST_F(LineageGuardTest, ARootAndAFreshOneChargeNobody) {
  const FunctionPtr small = function(budget(1));
  const Lineage fresh = fresh_root_lineage(lineage(3), CallId::from_random(8, 9), FunctionId{7});
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(begin(*small, lineage(1)));
    EXPECT_FALSE(begin(*small, fresh));
  }
  EXPECT_EQ(ledger.spent(kRoot), Spent{});
  EXPECT_EQ(ledger.spent(fresh.root), Spent{});
}

TEST_F(LineageGuardTest, ATreeShowsEachStepOfACall) {
  const FunctionPtr small = function(budget(1));
  const auto shown = [&] { return ledger.tree_with(kRoot)->calls.back(); };
  const Lineage second = lineage(2);
  const LineageGuard::Asked asked{kCall, second, *small};
  guard.wait(asked);
  EXPECT_EQ(shown().state, TreeState::kWaiting);
  EXPECT_EQ(shown().parent, kRoot);
  EXPECT_FALSE(guard.begin(asked, Attempting::kFirst));
  EXPECT_EQ(shown().state, TreeState::kRunning);
  guard.end(asked, TreeState::kFailed, Seconds{1});
  EXPECT_EQ(shown().state, TreeState::kFailed);
  EXPECT_EQ(shown().attempts, 1);
  const CallId other = CallId::from_random(5, 6);
  EXPECT_TRUE(guard.refuses({other, second, *small}, Attempting::kFirst));
  EXPECT_EQ(shown().id, other);
  EXPECT_EQ(shown().state, TreeState::kRefused);
}

}  // namespace
}  // namespace convoke
