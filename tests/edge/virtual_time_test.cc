#include "core/edge/virtual_time.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

constexpr TimeOrigin kOrigin{Instant{Seconds{100}}, wall_from_ms(1'000'000)};

struct Count {
  int fired = 0;
  Timer timer = timer_for<&Count::fire>(this);
  void fire() { ++fired; }
};

TEST(VirtualTime, StandsStillUntilItIsMovedAndThenBothClocksAgree) {
  VirtualTime time(kOrigin);
  EXPECT_EQ(time.now(), kOrigin.monotonic);
  time.move_to(Millis{86'400'000});
  EXPECT_EQ(time.now(), kOrigin.monotonic + std::chrono::hours{24});
  EXPECT_EQ(time.wall(), kOrigin.wall + std::chrono::hours{24});
}

TEST(VirtualTime, MovingFiresNothingUntilItIsTold) {
  VirtualTime time(kOrigin);
  Count count;
  time.timers().schedule(count.timer, time.now() + Millis{3});
  time.move_to(Millis{3});
  EXPECT_EQ(count.fired, 0);
  EXPECT_TRUE(time.overdue());
  time.fire_due();
  EXPECT_EQ(count.fired, 1);
  EXPECT_EQ(time.fired(), 1U);
  EXPECT_FALSE(time.overdue());
}

TEST(VirtualTime, NextLeadsToEveryTimerWithoutPassingIt) {
  VirtualTime time(kOrigin);
  Count count;
  time.timers().schedule(count.timer, time.now() + std::chrono::hours{24});
  int steps = 0;
  for (; count.fired == 0 && steps < 10; ++steps) {
    ASSERT_LE(*time.next(), Millis{86'400'000});
    time.move_to(*time.next());
    time.fire_due();
  }
  EXPECT_EQ(count.fired, 1);
  EXPECT_EQ(time.passed(), Millis{86'400'000});
  EXPECT_EQ(time.next(), std::nullopt);
}

TEST(VirtualTime, WhatIsAskedForAtOnceIsOverdueThoughTimeStandsStill) {
  VirtualTime time(kOrigin);
  Count count;
  time.timers().schedule(count.timer, Instant{});
  EXPECT_TRUE(time.overdue());
  time.fire_due();
  EXPECT_EQ(count.fired, 1);
}

}  // namespace
}  // namespace convoke
