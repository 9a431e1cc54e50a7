// What a kill switch does to calls under way: ended or left to their ends, and who waits for that.
#include <gtest/gtest.h>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

using Kind = Outcome::Kind;

struct KillSwitchTest : ::testing::Test {
  World world{21, 2};
  FunctionPtr function = world.deploy("f");

  std::uint32_t ended = 0;
  int over = 0;
  void await_ends() {
    for (std::uint16_t shard = 0; shard < 2; ++shard) {
      world.dispatcher(shard).when_ended([this](std::uint32_t calls) {
        ended += calls;
        ++over;
      });
    }
  }
};

TEST_F(KillSwitchTest, WhatRunsIsEndedItsCallerIsToldAndAnAsyncCallLosesNoAttempt) {
  world.script.hangs = 100;
  const CallId inside = world.call(0, function);
  const CallId queued = world.enqueue(1, function);
  world.settle_down();
  ASSERT_EQ(world.running, 2U);
  world.flip(function, Flip::kEnds);
  world.settle_down();
  EXPECT_EQ(world.outcome(inside)->error->code, ErrorCode::kResourceThrottled);
  EXPECT_NE(world.outcome(inside)->error->message.find("because"), std::string::npos);
  EXPECT_EQ(world.live, 0U);
  EXPECT_EQ(world.unsettled(), 1U);
  world.script.hangs = 0;
  world.script.fails = 100;
  world.configure_async(function, 0, Seconds{3600});
  world.flip(function, Flip::kOn);
  world.until_quiet(Seconds{30});
  // With no retry allowed it is its one attempt that fails: none was spent before.
  EXPECT_EQ(world.queue(1).settlements.at(queued.text()), Settlement::kFailed);
  EXPECT_EQ(world.start_order.size(), 3U);
}

TEST_F(KillSwitchTest, DrainingLeavesWhatRunsToItsEndAndStartsNothing) {
  world.script.hangs = 100;
  const CallId inside = world.call(0, function);
  world.settle_down();
  ASSERT_EQ(world.running, 1U);
  world.flip(function, Flip::kDrains);
  const CallId refused = world.call(1, function);
  const CallId queued = world.enqueue(1, function);
  await_ends();
  EXPECT_EQ(over, 2) << "nobody waits for what is left to its end";
  world.settle_down();
  EXPECT_EQ(world.outcome(inside), nullptr);
  EXPECT_EQ(world.outcome(refused)->error->code, ErrorCode::kResourceThrottled);
  world.script.hangs = 0;
  world.settle_down();
  EXPECT_EQ(world.outcome(inside)->kind, Kind::kReplied);
  EXPECT_EQ(world.live, 0U);
  EXPECT_EQ(world.start_order.size(), 1U);
  world.flip(function, Flip::kOn);
  world.until_quiet(Seconds{5});
  EXPECT_EQ(world.queue(1).settlements.at(queued.text()), Settlement::kSucceeded);
  world.expect_slots_add_up(function);
}

TEST_F(KillSwitchTest, ASwitchThatDrainsCanBeMadeToEndWhatRuns) {
  world.script.hangs = 100;
  const CallId inside = world.call(0, function);
  world.settle_down();
  world.flip(function, Flip::kDrains);
  world.settle_down();
  ASSERT_EQ(world.outcome(inside), nullptr);
  world.flip(function, Flip::kEnds);
  world.settle_down();
  EXPECT_EQ(world.outcome(inside)->kind, Kind::kLost);
}

TEST_F(KillSwitchTest, IsOverWhenWhatItEndedIsDeadAndNotBefore) {
  world.script.hangs = 100;
  (void)world.call(0, function);
  (void)world.call(1, function);
  world.settle_down();
  ASSERT_EQ(world.running, 2U);
  world.frozen = true;
  world.flip(function, Flip::kEnds);
  await_ends();
  world.settle_down();
  EXPECT_LT(over, 2);
  world.frozen = false;
  world.settle_down();
  EXPECT_EQ(over, 2);
  EXPECT_EQ(ended, 2U);
  await_ends();
  EXPECT_EQ(over, 4);
  EXPECT_EQ(ended, 2U) << "counted once";
}

TEST_F(KillSwitchTest, NobodyWaitsForEverForOneThatCannotDie) {
  world.script.hangs = 100;
  (void)world.call(0, function);
  world.settle_down();
  world.frozen = true;
  world.flip(function, Flip::kEnds);
  await_ends();
  world.advance(kEndingMax + Millis{1});
  EXPECT_EQ(over, 2);
}

}  // namespace
}  // namespace convoke::testing
