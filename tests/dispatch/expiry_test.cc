// Calls that wait longer than their maximum age end, whether or not their function may run.
#include <gtest/gtest.h>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

TEST(Expiry, ACallOfAStoppedFunctionExpiresWhenItsAgeIsOver) {
  World world(1, 2);
  const FunctionPtr function = world.deploy("f");
  world.set_limit(function, 0);
  world.configure_async(function, 3, Seconds{3600});
  const CallId id = world.enqueue(0, function);
  world.settle_down();
  world.advance(Seconds{3599});
  world.settle_down();
  EXPECT_EQ(world.unsettled(), 1U);
  world.advance(Seconds{2});
  world.settle_down();
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kExpired);
  EXPECT_TRUE(world.start_order.empty());
}

TEST(Expiry, AllThatAreTooOldGoAndTheYoungerRunLater) {
  World world(1, 1);
  const FunctionPtr function = world.deploy("f");
  world.set_limit(function, 0);
  world.configure_async(function, 3, Seconds{3600});
  for (int i = 0; i < 300; ++i) world.enqueue(0, function);
  world.settle_down();
  world.advance(Seconds{1800});
  const CallId first = world.enqueue(0, function);
  const CallId second = world.enqueue(0, function);
  world.settle_down();
  world.advance(Seconds{1801});
  world.settle_down();
  EXPECT_EQ(world.queue(0).settlements.size(), 300U);
  EXPECT_EQ(world.unsettled(), 2U);
  world.set_limit(function, 1);
  world.settle_down();
  EXPECT_EQ(std::set<CallId>(world.start_order.begin(), world.start_order.end()),
            (std::set<CallId>{first, second}));
  world.expect_slots_add_up(function);
}

TEST(Expiry, AShorterAgeIsHeardOfWithinTenMinutes) {
  World world(1, 1);
  const FunctionPtr function = world.deploy("f");
  world.set_limit(function, 0);
  world.configure_async(function, 3, Seconds{86'400});
  world.enqueue(0, function);
  world.settle_down();
  world.configure_async(function, 3, Seconds{60});
  world.advance(Seconds{601});
  world.settle_down();
  EXPECT_EQ(world.unsettled(), 0U);
}

}  // namespace
}  // namespace convoke::testing
