#include "core/dispatch/pacer.h"

#include <gtest/gtest.h>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

constexpr std::uint32_t kBacklog = 400;

class PacerTest : public ::testing::Test {
 protected:
  explicit PacerTest() : function(world.deploy("f", 64)) {
    world.configure_async(function, 8, Seconds{86'400});
    world.set_limit(function, 1);
  }
  void enqueue(std::uint32_t calls) {
    for (std::uint32_t i = 0; i < calls; ++i) world.enqueue(0, function);
  }
  // How often the function was asked meanwhile.
  std::size_t asked_within(Seconds time) {
    const std::size_t before = world.start_order.size();
    world.until_quiet(time);
    return world.start_order.size() - before;
  }
  std::size_t succeeded() {
    std::size_t calls = 0;
    for (const auto& [id, settlement] : world.queue(0).settlements) {
      calls += settlement == Settlement::kSucceeded ? 1 : 0;
    }
    return calls;
  }
  World world{41, 1};
  FunctionPtr function;
};

TEST_F(PacerTest, AFunctionThatHasNoRoomIsAskedABoundedNumberOfTimesAndItAllRunsWhenItHas) {
  world.script.room = 0;
  enqueue(kBacklog);
  const std::size_t asked = asked_within(Seconds{60});
  EXPECT_LE(asked, 2U * 64 + 30) << "what was under way, halved to one, then a call a pause";
  EXPECT_GE(asked, 64U);
  world.script.room = kUnlimited;
  (void)asked_within(Seconds{400});
  EXPECT_EQ(succeeded(), kBacklog);
  world.advance(kOverloadForgotten);
  EXPECT_EQ(world.pacer(0).functions_held(), 0U) << "and the window is open again";
}

TEST_F(PacerTest, RetriesOfErrorsKeepToTheirBudgetAndNoneIsLost) {
  world.script.fails = 100;
  enqueue(kBacklog);
  const std::size_t asked = asked_within(Seconds{60});
  EXPECT_GE(asked, kBacklog);
  EXPECT_LE(asked, kBacklog + kBacklog / 10 + kRetriesSaved + 60 * kRetriesASecond);
  EXPECT_GT(world.pacer(0).counters().retries_held, kBacklog / 3);
  world.script.fails = 0;
  (void)asked_within(Seconds{400});
  EXPECT_EQ(succeeded(), kBacklog);
}

TEST_F(PacerTest, WithoutItEachCallIsRetriedAsSoonAsItsBackOffAllows) {
  function = world.set_pace(function, {PaceMode::kOff, kRetryPercentDefault});
  world.script.fails = 100;
  enqueue(150);
  EXPECT_GE(asked_within(Seconds{30}), 5 * 150U) << "at 0.5, 1.5, 3.5, 7.5, 15.5 ... seconds";
  EXPECT_EQ(world.pacer(0).counters().retries_held, 0U);
}

TEST_F(PacerTest, SwitchedOffItLetsGoOfWhatItHeld) {
  world.script.room = 0;
  enqueue(kBacklog);
  world.settle_down();
  EXPECT_EQ(world.pacer(0).functions_held(), 1U);
  world.script.room = kUnlimited;
  function = world.set_pace(function, {PaceMode::kOff, kRetryPercentDefault});
  world.until_quiet(Seconds{20});
  EXPECT_EQ(world.pacer(0).functions_held(), 0U);
}

TEST_F(PacerTest, CallersAreServedWhileQueuedCallsAreHeld) {
  world.script.room = 0;
  enqueue(kBacklog);
  world.settle_down();
  ASSERT_EQ(world.pacer(0).room(function->id), 0U);
  world.script.room = kUnlimited;
  const CallId called = world.call(0, function);
  world.settle_down();
  ASSERT_NE(world.outcome(called), nullptr);
  EXPECT_FALSE(world.outcome(called)->reply.system_error);
  EXPECT_EQ(succeeded(), 0U);
}

TEST_F(PacerTest, TheWindowFindsWhatAFunctionHasRoomFor) {
  world.script.room = 8;
  enqueue(kBacklog);
  const std::size_t asked = asked_within(Seconds{400});
  EXPECT_EQ(succeeded(), kBacklog);
  EXPECT_LE(asked, kBacklog * 3 / 2) << "at most one in three is refused";
}

TEST_F(PacerTest, OneFunctionThatHasNoRoomHoldsUpNoOther) {
  world.script.room = 0;
  enqueue(kBacklog);
  world.settle_down();
  world.script.room = kUnlimited;
  const FunctionPtr other = world.deploy("g");
  const CallId id = world.enqueue(0, other);
  world.settle_down();
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kSucceeded);
}

TEST_F(PacerTest, AWaitForATokenMakesNoCallTooOld) {
  world.configure_async(function, 8, Seconds{60});
  world.script.fails = 100;
  enqueue(400);
  (void)asked_within(Seconds{3});
  world.script.fails = 0;
  (void)asked_within(Seconds{60});
  EXPECT_EQ(succeeded(), 400U);
}

TEST_F(PacerTest, WhatTheEngineTookBackItselfCostsNoToken) {
  enqueue(kRetriesSaved * 2);
  while (world.running < 64) ASSERT_TRUE(world.step());
  world.flip(function, Flip::kEnds);
  world.settle_down();
  world.flip(function, Flip::kOn);
  world.until_quiet(Seconds{10});
  EXPECT_EQ(succeeded(), kRetriesSaved * 2U);
  EXPECT_EQ(world.pacer(0).counters().retries_held, 0U);
}

TEST_F(PacerTest, ACallHeldIsToldWithItsWindow) {
  EXPECT_FALSE(world.pacer(0).held(function->id));
  world.script.room = 0;
  enqueue(kBacklog);
  world.settle_down();
  const auto held = world.pacer(0).held(function->id);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->limit, 1U);
  EXPECT_GT(held->paused_until, world.clock.now());
}

}  // namespace
}  // namespace convoke::testing
