#include "core/guard/call_tree.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

CallId id(std::uint64_t number) { return CallId::from_random(number, number << 8); }
constexpr WallTime at(std::int64_t ms) { return wall_from_ms(1'700'000'000'000 + ms); }

TreeCall member(std::uint64_t number) {
  TreeCall call;
  call.id = id(number);
  call.parent = id(1000);
  call.function = FunctionId{number};
  return call;
}

TEST(CallTree, ACallGoesOnByItsSteps) {
  CallTree tree;
  EXPECT_EQ(tree.step(member(1), TreeState::kWaiting, at(1)), 1U);
  EXPECT_EQ(tree.step(member(1), TreeState::kRunning, at(2)), 0U);
  EXPECT_EQ(tree.step(member(1), TreeState::kFailed, at(5)), 0U);
  const TreeCall& call = tree.calls()[0];
  EXPECT_EQ(call.heard, at(1));
  EXPECT_EQ(call.begun, at(2));
  EXPECT_EQ(call.ended, at(5));
  tree.step(member(1), TreeState::kRunning, at(9));
  EXPECT_EQ(call.attempts, 2);
  EXPECT_EQ(call.begun, at(9));
  EXPECT_EQ(call.ended, WallTime{});
}

TEST(CallTree, AStepThatIsHeardOfLateChangesNothing) {
  CallTree tree;
  tree.step(member(1), TreeState::kRunning, at(2));
  tree.step(member(1), TreeState::kWaiting, at(3));
  EXPECT_EQ(tree.calls()[0].state, TreeState::kRunning);
  CallTree elsewhere;
  elsewhere.step(member(1), TreeState::kRunning, at(2));
  elsewhere.step(member(1), TreeState::kSucceeded, at(4));
  tree.learn(elsewhere.calls()[0]);
  EXPECT_EQ(tree.calls()[0].state, TreeState::kSucceeded);
  elsewhere.learn(member(1));
  EXPECT_EQ(elsewhere.calls()[0].state, TreeState::kSucceeded);
}

TEST(CallTree, TheFirstThousandAreKeptAndGoOn) {
  CallTree tree;
  std::size_t kept = 0;
  for (std::uint64_t i = 1; i <= 2000; ++i)
    kept += tree.step(member(i), TreeState::kRunning, at(0));
  EXPECT_EQ(kept, CallTree::kCallsMax);
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    ASSERT_TRUE(tree.has(id(i)));
    tree.step(member(i), TreeState::kSucceeded, at(1));
    ASSERT_EQ(tree.calls()[i - 1].id, id(i));
    ASSERT_EQ(tree.calls()[i - 1].state, TreeState::kSucceeded);
  }
  EXPECT_FALSE(tree.has(id(1001)));
}

TEST(CallTree, WhatWentOnIsTakenOnceAndToldAgainIfItWasLost) {
  CallTree tree;
  tree.step(member(1), TreeState::kWaiting, at(1));
  tree.step(member(1), TreeState::kRunning, at(2));
  const auto changed = tree.take_changed();
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0].state, TreeState::kRunning);
  EXPECT_TRUE(tree.take_changed().empty());
  tree.step(member(1), TreeState::kSucceeded, at(3));
  tree.put_back(changed);
  const auto again = tree.take_changed();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].state, TreeState::kSucceeded) << "as it stands by then";
}

TEST(CallTree, WhatIsPackedIsTheSameAgain) {
  TreeCall call = member(7);
  call.attempts = TreeCall::kAttemptsShown;
  call.state = TreeState::kRefused;
  call.heard = at(1);
  call.begun = at(2);
  call.ended = at(3);
  EXPECT_EQ(unpack_tree_call(call.id, pack(call)), call);
  EXPECT_FALSE(unpack_tree_call(call.id, pack(call).substr(1)));
}

}  // namespace
}  // namespace convoke
