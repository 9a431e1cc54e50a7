#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

using Kind = Outcome::Kind;

TEST(Places, ASecondCallOnAnotherShardUsesTheWarmInstanceOfTheFirst) {
  World world(1, 2);
  const auto function = world.deploy("f");
  for (int i = 0; i < 10; ++i) {
    const CallId id = world.call(static_cast<std::uint16_t>(i % 2), function);
    world.settle_down();
    ASSERT_NE(world.outcome(id), nullptr);
    EXPECT_EQ(world.outcome(id)->kind, Kind::kReplied);
  }
  EXPECT_EQ(world.live_most, 1U);
  EXPECT_GE(world.dispatcher(0).counters().moved + world.dispatcher(1).counters().moved, 5U);
}

TEST(Places, ALimitHoldsExactlyAcrossShardsAndEverybodyIsServed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(seed, 3);
    const auto function = world.deploy("f");
    world.set_limit(function, 5);
    std::vector<CallId> calls;
    for (int i = 0; i < 64; ++i) {
      calls.push_back(world.call(static_cast<std::uint16_t>(world.rng.below(3)), function));
      if (world.rng.one_in(3)) world.step();
    }
    world.settle_down();
    for (const CallId& id : calls) {
      ASSERT_NE(world.outcome(id), nullptr) << "seed " << seed;
      EXPECT_EQ(world.outcome(id)->kind, Kind::kReplied) << "seed " << seed;
    }
    EXPECT_LE(world.live_most, 5U) << "seed " << seed;
    world.expect_slots_add_up(function);
  }
}

// Does what another thread may, between our look for a place and our being seen waiting.
class Meanwhile final : public PlaceSource {
 public:
  explicit Meanwhile(std::function<void()> then) : then_(std::move(then)) {}
  void want(FunctionId) override { then_(); }

 private:
  std::function<void()> then_;
};

TEST(Places, APlaceThatFallsFreeJustBeforeSomebodyIsSeenWaitingIsNotLeftEmpty) {
  World world(1, 2);
  Meanwhile meanwhile([&] {
    world.script.dies = 100;
    while (world.live > 0) ASSERT_TRUE((*world.instances.begin())->step());
    world.script.dies = 0;
  });
  world.dispatcher(0).ask_for_places(meanwhile);
  const auto function = world.deploy("f");
  world.set_limit(function, 2);
  world.gates.of(function->id)->set_share(1);
  const CallId first = world.call(1, function);
  while (world.running == 0) ASSERT_TRUE(world.step());
  const CallId second = world.call(0, function);
  EXPECT_NE(world.outcome(first), nullptr) << "its instance has gone meanwhile";
  world.settle_down();
  ASSERT_NE(world.outcome(second), nullptr) << "nobody told it of the place";
  EXPECT_EQ(world.outcome(second)->kind, Kind::kReplied);
  world.expect_slots_add_up(function);
}

TEST(Places, WithALimitOfOneBothShardsAreServedInTheOrderTheyCame) {
  World world(7, 2);
  const auto function = world.deploy("f");
  world.set_limit(function, 1);
  std::vector<CallId> calls;
  for (int i = 0; i < 40; ++i) {
    calls.push_back(world.call(static_cast<std::uint16_t>(i % 2), function));
    world.advance(Millis{1});
  }
  world.settle_down();
  EXPECT_EQ(world.start_order, calls);
  EXPECT_EQ(world.running_most, 1U);
}

TEST(Places, AFreedSlotGoesToTheLongestWaitingCallOnAnyShard) {
  World world(3, 2);
  const auto function = world.deploy("f");
  world.set_limit(function, 1);
  const CallId first = world.call(0, function);
  for (int i = 0; i < 100 && world.start_order.empty(); ++i) world.step();
  world.frozen = true;
  world.advance(Millis{1});
  const CallId other_shard = world.call(1, function);
  world.advance(Millis{1});
  const CallId same_shard = world.call(0, function);
  world.frozen = false;
  world.settle_down();
  EXPECT_EQ(world.start_order, (std::vector<CallId>{first, other_shard, same_shard}));
}

TEST(Places, AnIdleInstanceIsReapedAfterFiveMinutes) {
  World world(25, 2);
  const auto function = world.deploy("f");
  world.call(0, function);
  world.settle_down();
  world.advance(Seconds{299});
  world.settle_down();
  EXPECT_EQ(world.live, 1U);
  world.advance(Seconds{2});
  world.settle_down();
  EXPECT_EQ(world.live, 0U);
  EXPECT_EQ(world.gates.of(function->id)->places(), 0U);
}

TEST(Places, AFullAccountLetsItsLongestIdleInstanceGoForANewFunction) {
  World world(27, 2, {}, 2);
  const auto a = world.deploy("a");
  const auto b = world.deploy("b");
  const auto c = world.deploy("c");
  world.call(0, a);
  world.settle_down();
  world.call(1, b);
  world.settle_down();
  EXPECT_EQ(world.account.used(), 2U);
  const CallId id = world.call(0, c);
  world.settle_down();
  ASSERT_NE(world.outcome(id), nullptr);
  EXPECT_EQ(world.outcome(id)->kind, Kind::kReplied);
  EXPECT_LE(world.live_most, 2U);
}

}  // namespace
}  // namespace convoke::testing
