#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

using Kind = Outcome::Kind;

TEST(Host, ATimedOutCallIsAnsweredAtItsDeadlineAndItsInstanceStopped) {
  World world(15, 1);
  const auto function = world.deploy("f", 1, Seconds{86'400});
  world.script.hangs = 100;
  const CallId id = world.call(0, function);
  world.settle_down();
  world.advance(Seconds{86'399});
  EXPECT_EQ(world.outcome(id), nullptr);
  world.advance(Seconds{2});
  ASSERT_NE(world.outcome(id), nullptr);
  EXPECT_EQ(world.outcome(id)->kind, Kind::kTimedOut);
  EXPECT_NE(world.outcome(id)->reply.body.find("timed out after 86400 seconds"), std::string::npos);
  world.settle_down();
  EXPECT_EQ(world.live, 0U);
}

TEST(Host, NeighboursOfATimedOutCallRunToTheirEndsAndNoNewCallEnters) {
  World world(17, 1);
  const auto function = world.deploy("f", 2, Seconds{10});
  world.set_limit(function, 1);
  world.script.hangs = 100;
  const CallId late = world.call(0, function);
  world.settle_down();
  world.advance(Seconds{5});
  const CallId neighbour = world.call(0, function);
  world.settle_down();
  world.advance(Seconds{6});
  EXPECT_EQ(world.outcome(late)->kind, Kind::kTimedOut);
  const CallId next = world.call(0, function);
  world.settle_down();
  EXPECT_EQ(world.start_order.size(), 2U) << "the instance takes no new call and keeps its place";
  world.script.hangs = 0;
  world.settle_down();
  EXPECT_EQ(world.outcome(neighbour)->kind, Kind::kReplied);
  EXPECT_EQ(world.outcome(next)->kind, Kind::kReplied);
  EXPECT_EQ(world.live_most, 1U);
}

TEST(Host, AnInstanceThatHoldsOnlyTimedOutCallsIsStopped) {
  World world(18, 1);
  const auto function = world.deploy("f", 2, Seconds{10});
  world.script.hangs = 100;
  (void)world.call(0, function);
  world.settle_down();
  world.advance(Seconds{5});
  (void)world.call(0, function);
  world.settle_down();
  world.advance(Seconds{6});
  EXPECT_EQ(world.live, 1U) << "for the sake of the second call";
  world.advance(Seconds{5});
  world.settle_down();
  EXPECT_EQ(world.live, 0U) << "there is nobody left whom it could answer";
}

TEST(Host, ACallableKeepsItsSlotAfterTheDeadlineUntilItCallsBack) {
  World world(19, 1);
  const auto function = world.deploy("f", 1, Seconds{1}, Runtime::kInProcess);
  world.set_limit(function, 1);
  world.settle_down();
  world.script.hangs = 100;
  const CallId stuck = world.call(0, function);
  world.settle_down();
  world.advance(Seconds{2});
  EXPECT_EQ(world.outcome(stuck)->kind, Kind::kTimedOut);
  const CallId next = world.call(0, function);
  world.settle_down();
  EXPECT_EQ(world.outcome(next), nullptr);
  world.script.hangs = 0;
  world.settle_down();
  EXPECT_EQ(world.outcome(next)->kind, Kind::kReplied);
}

TEST(Host, AnInstanceThatCannotStartTellsEachCallerWhy) {
  World world(21, 2);
  const auto function = world.deploy("f");
  world.script.start_fails = 100;
  std::vector<CallId> calls;
  for (int i = 0; i < 10; ++i)
    calls.push_back(world.call(static_cast<std::uint16_t>(i % 2), function));
  world.settle_down();
  for (const CallId& id : calls) {
    ASSERT_NE(world.outcome(id), nullptr);
    EXPECT_EQ(world.outcome(id)->kind, Kind::kNotStarted);
    EXPECT_EQ(world.outcome(id)->error->code, ErrorCode::kCaExited);
  }
  EXPECT_EQ(world.live, 0U);
}

TEST(Host, ACallThatNeverReachedItsDyingInstanceRunsOnAnother) {
  World world(31, 1);
  const auto function = world.deploy("f");
  world.frozen = true;
  const CallId id = world.call(0, function);
  world.frozen = false;
  while (world.start_order.empty()) world.step();
  world.script.dies = 100;
  world.script.never_reached = 100;
  ScriptedInstance* const dying = *world.instances.begin();
  while (world.lives(dying)) world.step();
  world.script = {};
  world.settle_down();
  ASSERT_NE(world.outcome(id), nullptr);
  EXPECT_EQ(world.outcome(id)->kind, Kind::kReplied);
  EXPECT_EQ(world.start_order, (std::vector<CallId>{id, id}));
}

TEST(Host, ACallerIsToldWhenEveryInstanceGoesBeforeItHasReadTheCall) {
  World world(31, 2);
  const auto function = world.deploy("f");
  world.script.dies = 100;
  world.script.never_reached = 100;
  const CallId id = world.call(0, function);
  world.settle_down();
  ASSERT_NE(world.outcome(id), nullptr);
  EXPECT_EQ(world.outcome(id)->kind, Kind::kLost);
  EXPECT_EQ(world.outcome(id)->error.value().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(world.start_order.size(), kInstancesLostMax);
}

TEST(Host, NoCallThatHasNotBegunHidesBehindItsNeighbourInADyingInstance) {
  World world(31, 1);
  const auto function = world.deploy("f", 2);
  world.frozen = true;
  const CallId first = world.call(0, function);
  const CallId second = world.call(0, function);
  world.frozen = false;
  while (world.start_order.size() < 2) world.step();
  world.script.dies = 100;
  world.script.never_reached = 100;
  ScriptedInstance* const dying = *world.instances.begin();
  while (world.lives(dying)) world.step();
  world.script = {};
  world.settle_down();
  for (const CallId& id : {first, second}) {
    ASSERT_NE(world.outcome(id), nullptr);
    EXPECT_EQ(world.outcome(id)->kind, Kind::kReplied);
  }
}

}  // namespace
}  // namespace convoke::testing
