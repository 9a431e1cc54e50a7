// A stateful call is stopped in whatever state it is: it never runs again, and what runs of it
// ends.
#include <gtest/gtest.h>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

TEST(Stop, AQueuedCallNeverStarts) {
  World world(1, 2);
  const FunctionPtr function = world.deploy("f");
  world.set_limit(function, 0);
  const CallId id = world.enqueue(0, function, "job");
  world.settle_down();
  const auto answer = world.stop(0, function, id);
  world.settle_down();
  EXPECT_EQ(*answer, StopResult::kStopped);
  world.set_limit(function, kUnlimited);
  world.settle_down();
  EXPECT_TRUE(world.start_order.empty());
  EXPECT_EQ(world.unsettled(), 0U);
}

TEST(Stop, ARunningCallEndsItsInstanceAndDoesNotRunAgain) {
  World world(2, 2);
  world.script.hangs = 100;
  const FunctionPtr function = world.deploy("f");
  const CallId id = world.enqueue(0, function, "job");
  world.settle_down();
  ASSERT_EQ(world.running, 1U);
  EXPECT_EQ(world.queue(0).started, std::vector<std::string>{id.text()});
  const auto answer = world.stop(0, function, id);
  world.settle_down();
  EXPECT_EQ(*answer, StopResult::kStopped);
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kStopped);
  EXPECT_EQ(world.live, 0U);
  world.advance(Seconds{3600});
  world.settle_down();
  EXPECT_EQ(world.start_order.size(), 1U);
  world.expect_slots_add_up(function);
}

TEST(Stop, ItsNeighboursInTheSameInstanceRunToTheirEnds) {
  World world(3, 1);
  world.script.hangs = 100;
  const FunctionPtr function = world.deploy("f", 2);
  const CallId stopped = world.enqueue(0, function, "one");
  const CallId other = world.enqueue(0, function, "two");
  world.settle_down();
  ASSERT_EQ(world.running, 2U);
  (void)world.stop(0, function, stopped);
  world.settle_down();
  EXPECT_EQ(world.queue(0).settlements.at(stopped.text()), Settlement::kStopped);
  EXPECT_FALSE(world.queue(0).settlements.contains(other.text()));
  world.script.hangs = 0;
  world.settle_down();
  EXPECT_EQ(world.queue(0).settlements.at(other.text()), Settlement::kSucceeded);
}

TEST(Stop, ACallBetweenItsAttemptsIsNotTriedAgain) {
  World world(4, 1);
  world.script.fails = 100;
  const FunctionPtr function = world.deploy("f");
  const CallId id = world.enqueue(0, function, "job");
  world.settle_down();
  ASSERT_EQ(world.start_order.size(), 1U);
  ASSERT_EQ(world.unsettled(), 1U);
  const auto answer = world.stop(0, function, id);
  world.advance(Seconds{3600});
  world.settle_down();
  EXPECT_EQ(*answer, StopResult::kStopped);
  EXPECT_EQ(world.start_order.size(), 1U);
}

TEST(Stop, ACallThatHasEndedIsUnknown) {
  World world(5, 1);
  const FunctionPtr function = world.deploy("f");
  const CallId id = world.enqueue(0, function, "job");
  world.settle_down();
  const auto answer = world.stop(0, function, id);
  world.settle_down();
  EXPECT_EQ(*answer, StopResult::kUnknown);
}

// At every point of a call's way, on either shard, and whatever else goes on: the stop is answered,
// and if it says so, nothing of the call starts after that.
TEST(Stop, AtAnyMomentTheAnswerHolds) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    World world(seed, 2);
    world.script.fails = 30;
    const FunctionPtr function = world.deploy("f", 1 + static_cast<std::uint32_t>(seed % 3));
    for (int i = 0; i < 3; ++i) (void)world.call(1, function);
    const CallId id = world.enqueue(0, function, "job");
    for (std::uint64_t i = 0; i < seed % 29 && world.step(); ++i) {
    }
    const auto answer = world.stop(0, function, id);
    while (!answer->has_value() && world.step()) {
    }
    ASSERT_TRUE(answer->has_value()) << seed;
    const auto starts = [&] {
      return std::count(world.start_order.begin(), world.start_order.end(), id);
    };
    const auto before = starts();
    world.until_quiet(Seconds{7200});
    if (**answer == StopResult::kStopped) {
      EXPECT_EQ(starts(), before) << seed;
    }
    EXPECT_TRUE(world.queue(0).settlements.contains(id.text())) << seed;
    world.expect_slots_add_up(function);
  }
}

}  // namespace
}  // namespace convoke::testing
