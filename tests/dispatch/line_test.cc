#include <gtest/gtest.h>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

TEST(Line, ACallerThatWaitedTooLongIsRefusedAndLeavesTheLine) {
  World world(5, 1);
  const auto function = world.deploy("f");
  world.set_limit(function, 1);
  world.script.hangs = 100;
  world.call(0, function);
  world.settle_down();
  const CallId id = world.call(0, function);
  world.advance(Seconds{29});
  EXPECT_EQ(world.outcome(id), nullptr);
  world.advance(Seconds{2});
  ASSERT_NE(world.outcome(id), nullptr);
  EXPECT_EQ(world.outcome(id)->error->code, ErrorCode::kResourceThrottled);
  EXPECT_EQ(world.dispatcher(0).calls_here(), 1U);
}

TEST(Line, ACallerWhoseInstanceIsStartingWaitsForItsEnd) {
  World world(5, 1);
  const auto function = world.deploy("f");
  world.set_limit(function, 1);
  world.frozen = true;
  const CallId first = world.call(0, function);
  const CallId second = world.call(0, function);
  for (int i = 0; i < 100; ++i) world.advance(Seconds{1});
  EXPECT_EQ(world.outcome(first), nullptr);
  ASSERT_NE(world.outcome(second), nullptr) << "nothing is starting for it";
  EXPECT_EQ(world.outcome(second)->error->code, ErrorCode::kResourceThrottled);
  world.frozen = false;
  world.script.start_fails = 100;
  world.settle_down();
  EXPECT_EQ(world.outcome(first)->error->code, ErrorCode::kCaExited);
}

TEST(Line, TheLineIsBoundedForAllShardsTogether) {
  DispatchOptions options;
  options.sync_waiters_max = 10;
  World world(5, 2, options);
  const auto function = world.deploy("f");
  world.frozen = true;
  for (std::uint16_t i = 0; i < 10; ++i) world.call(i % 2, function);
  const CallId id = world.call(1, function);
  ASSERT_NE(world.outcome(id), nullptr);
  EXPECT_EQ(world.outcome(id)->error->code, ErrorCode::kResourceThrottled);
  EXPECT_TRUE(world.outcome(id)->error->retry_after.has_value());
}

TEST(Line, ACallerThatWentAwayInLineNeverStarts) {
  World world(5, 1);
  const auto function = world.deploy("f");
  world.frozen = true;
  const CallId id = world.call(0, function);
  EXPECT_TRUE(world.cancel(0, function, id));
  world.frozen = false;
  world.settle_down();
  EXPECT_TRUE(world.start_order.empty());
  EXPECT_EQ(world.outcome(id), nullptr);
}

}  // namespace
}  // namespace convoke::testing
