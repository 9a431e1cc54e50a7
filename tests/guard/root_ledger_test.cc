#include "core/guard/root_ledger.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace convoke {
namespace {

using Past = RootLedger::Past;
constexpr Budget kBudget{10, 20, 3};

CallId root(std::uint64_t number) { return CallId::from_random(number, number * 64); }

// Their last bytes are the same.
CallId in_one_part(std::uint64_t number) { return CallId::from_random(number, number << 8 | 1); }

// One of its children; they are all the same one to the trees.
RootLedger::Child child(const CallId& of) {
  return {of, CallId::from_random(7, 7), of, FunctionId{2}, FunctionId{1}};
}

BudgetLimit begin(RootLedger& ledger, const CallId& id, Past past = Past::kStops,
                  const Budget& budget = kBudget) {
  return ledger.begin(child(id), budget, Attempting::kFirst, past, WallTime{});
}

void end(RootLedger& ledger, const CallId& id, Duration ran) {
  ledger.end(child(id), TreeState::kSucceeded, ran, WallTime{});
}

TEST(RootLedger, AsManyBeginAsTheBudgetAllows) {
  RootLedger ledger;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(begin(ledger, root(1)), BudgetLimit::kNone);
  EXPECT_EQ(begin(ledger, root(1)), BudgetLimit::kInvocations);
  EXPECT_EQ(ledger.spent(root(1)), (Spent{10, 10, 0})) << "what was refused is not charged";
  EXPECT_EQ(begin(ledger, root(2)), BudgetLimit::kNone) << "another root has its own";
}

TEST(RootLedger, WhatGoesOnPastItsBudgetIsChargedAndSaysSo) {
  RootLedger ledger;
  for (int i = 0; i < 10; ++i) (void)begin(ledger, root(1), Past::kGoesOn);
  EXPECT_EQ(begin(ledger, root(1), Past::kGoesOn), BudgetLimit::kInvocations);
  EXPECT_EQ(ledger.spent(root(1)).invocations, 11U);
}

TEST(RootLedger, RunningTimeCountsWhenItEnds) {
  RootLedger ledger;
  (void)begin(ledger, root(1));
  end(ledger, root(1), Millis{2999});
  EXPECT_EQ(begin(ledger, root(1)), BudgetLimit::kNone);
  end(ledger, root(1), Millis{1});
  EXPECT_EQ(begin(ledger, root(1)), BudgetLimit::kSeconds);
  end(ledger, root(2), Seconds{9});
  EXPECT_EQ(ledger.spent(root(2)), Spent{}) << "nobody who is not known is entered by an end";
}

TEST(RootLedger, OfAnyNumberThatBeginAtOnceNoMoreThanTheBudgetDo) {
  RootLedger ledger;
  const Budget budget{1000, 100'000, 1};
  std::atomic<int> begun{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < 500; ++call) {
        const auto reached = begin(ledger, root(1), Past::kStops, budget);
        if (reached == BudgetLimit::kNone) ++begun;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(begun, 1000);
}

TEST(RootLedger, TheRootUsedLeastRecentlyLeavesFirst) {
  constexpr std::uint64_t kOfOnePart = RootLedger::kRootsMax / 16;
  RootLedger ledger;
  for (std::uint64_t i = 1; i <= kOfOnePart; ++i) (void)begin(ledger, in_one_part(i));
  (void)begin(ledger, in_one_part(1));
  (void)begin(ledger, in_one_part(kOfOnePart + 1));
  EXPECT_EQ(ledger.spent(in_one_part(1)).invocations, 2U) << "it was used since";
  EXPECT_EQ(ledger.spent(in_one_part(2)), Spent{}) << "it has left";
  EXPECT_EQ(ledger.spent(in_one_part(3)).invocations, 1U);
}

// ---- trees ----

TEST(RootLedger, ATreeIsFoundByItsRootAndByEachOfItsCalls) {
  RootLedger ledger;
  const RootLedger::Child first = child(root(1));
  ledger.wait(first, WallTime{});
  for (const CallId& id : {root(1), first.id}) {
    const auto tree = ledger.tree_with(id);
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->root, root(1));
    ASSERT_EQ(tree->calls.size(), 2U);
    EXPECT_EQ(tree->calls[0].function, FunctionId{1}) << "the root, whose child says what it is";
    EXPECT_EQ(tree->calls[1].state, TreeState::kWaiting);
  }
  EXPECT_FALSE(ledger.tree_with(root(2)));
}

TEST(RootLedger, OfManyTreesThoseUsedLastAreKept) {
  RootLedger ledger;
  std::uint64_t calls = 0;
  for (std::uint64_t tree = 1; tree <= 6; ++tree) {
    for (std::uint64_t call = 0; call < CallTree::kCallsMax; ++call) {
      RootLedger::Child one = child(in_one_part(tree));
      ++calls;
      one.id = CallId::from_random(calls, calls << 8);
      ledger.wait(one, WallTime{});
    }
  }
  EXPECT_TRUE(ledger.tree_with(in_one_part(1))->calls.empty());
  EXPECT_EQ(ledger.tree_with(in_one_part(6))->calls.size(), CallTree::kCallsMax);
}

// ---- with other engines ----

TEST(RootLedger, WhatWasChargedIsTakenOnce) {
  RootLedger ledger;
  ledger.share([](RootLedger::Urgency) {});
  (void)begin(ledger, root(1));
  (void)begin(ledger, root(1));
  (void)begin(ledger, root(2));
  const auto one = ledger.take_charges(1);
  ASSERT_EQ(one.size(), 1U);
  const auto other = ledger.take_charges(9);
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(one[0].more.invocations + other[0].more.invocations, 3U);
  EXPECT_TRUE(ledger.take_charges(9).empty());
}

TEST(RootLedger, WhatAllEnginesChargedIsJudgedTogetherWithWhatTheyHaveNotHeardYet) {
  RootLedger ledger;
  ledger.share([](RootLedger::Urgency) {});
  (void)begin(ledger, root(1));
  const auto told = ledger.take_charges(9);
  (void)begin(ledger, root(1));
  ledger.learn(told[0].root, {9, 9, 0});
  EXPECT_EQ(ledger.spent(root(1)), (Spent{10, 10, 0}));
  EXPECT_EQ(begin(ledger, root(1)), BudgetLimit::kInvocations);
}

TEST(RootLedger, WhatWasNotHeardIsToldAgain) {
  RootLedger ledger;
  ledger.share([](RootLedger::Urgency) {});
  (void)begin(ledger, root(1));
  const auto lost = ledger.take_charges(9);
  (void)begin(ledger, root(1));
  ledger.put_back(lost[0]);
  EXPECT_EQ(lost[0].calls.size(), 2U) << "the root and its child";
  EXPECT_EQ(ledger.spent(root(1)), (Spent{2, 2, 0})) << "it counts as ever here";
  const auto again = ledger.take_charges(9);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].more, (Spent{2, 2, 0}));
  EXPECT_EQ(again[0].calls.size(), 2U);
}

TEST(RootLedger, OthersHearSoonerOfARootThatChargesMuch) {
  RootLedger ledger;
  using Urgency = RootLedger::Urgency;
  std::vector<Urgency> said;
  ledger.share([&](Urgency urgency) { said.push_back(urgency); });
  const Budget budget{10'000, 10'000, 1};
  const auto charge = [&] { (void)begin(ledger, root(1), Past::kStops, budget); };
  for (std::uint64_t i = 0; i < 2 * RootLedger::kMuch; ++i) charge();
  EXPECT_EQ(said, (std::vector<Urgency>{Urgency::kSoon, Urgency::kNow})) << "until it is taken";
  (void)ledger.take_charges(9);
  charge();
  EXPECT_EQ(said.size(), 3U);
}

TEST(RootLedger, MuchIsLessWhereLessIsLeft) {
  const Budget budget{100, 1000, 1};
  EXPECT_FALSE(RootLedger::is_much({11, 11, 0}, {12, 12, 0}, budget));
  EXPECT_TRUE(RootLedger::is_much({12, 12, 0}, {20, 20, 0}, budget)) << "an eighth of 80 is 10";
  EXPECT_TRUE(RootLedger::is_much({1, 1, 0}, {99, 99, 0}, budget)) << "the last";
  EXPECT_TRUE(RootLedger::is_much({64, 64, 0}, {64, 64, 0}, {9000, 9000, 1}));
}

}  // namespace
}  // namespace convoke
