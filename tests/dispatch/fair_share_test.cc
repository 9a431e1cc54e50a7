// What a flood by one function costs another, where the account or its starts are the bottleneck.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

constexpr std::uint32_t kAccount = 12;
// Calls that run in the other instances while one stops and another starts: the world's scheduler
// picks at random, so each step of it takes as many steps of others as there are instances.
constexpr std::size_t kStopAndStart = 8 * kAccount;

void flood(World& world, const FunctionPtr& function, int calls) {
  for (int i = 0; i < calls; ++i) world.call(static_cast<std::uint16_t>(i % 2), function);
}

std::uint32_t places(World& world, const FunctionPtr& function) {
  return world.gates.of(function->id)->places();
}

// How many other calls started before it did.
std::size_t overtaken_by(World& world, const CallId& id) {
  const std::size_t before = world.start_order.size();
  const auto started = [&] {
    return std::find(world.start_order.begin(), world.start_order.end(), id);
  };
  while (started() == world.start_order.end()) {
    if (!world.step()) return SIZE_MAX;
  }
  return static_cast<std::size_t>(started() - world.start_order.begin()) - before;
}

TEST(FairShare, AFirstCallGetsAPlaceOfAFullAccountWhenACallOfAFloodEnds) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(seed, 2, {}, kAccount);
    const auto a = world.deploy("a", 1 + static_cast<std::uint32_t>(seed % 2));
    const auto b = world.deploy("b");
    flood(world, a, 400);
    flood(world, b, 400);
    while (world.account.used() < kAccount) ASSERT_TRUE(world.step());
    const auto first = world.deploy("first");
    const CallId id = world.call(static_cast<std::uint16_t>(seed % 2), first);
    EXPECT_LE(overtaken_by(world, id), kStopAndStart) << "seed " << seed;
    world.settle_down();
    EXPECT_EQ(world.outcomes(), 801U) << "seed " << seed;
    EXPECT_LE(world.live_most, kAccount);
  }
}

TEST(FairShare, QueuedCallsOfAnotherFunctionGetTheirsToo) {
  World world(3, 2, {}, kAccount);
  const auto a = world.deploy("a");
  const auto b = world.deploy("b");
  flood(world, a, 400);
  flood(world, b, 400);
  while (world.account.used() < kAccount) ASSERT_TRUE(world.step());
  const auto first = world.deploy("first");
  const CallId id = world.enqueue(1, first);
  EXPECT_LE(overtaken_by(world, id), kStopAndStart);
}

TEST(FairShare, FunctionsThatAllFloodHaveEqualPartsOfTheAccountInTheEnd) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(seed, 2, {}, kAccount);
    const auto a = world.deploy("a");
    const auto b = world.deploy("b");
    const auto c = world.deploy("c");
    flood(world, a, 2000);
    for (int i = 0; i < 200; ++i) world.step();
    flood(world, b, 2000);
    flood(world, c, 2000);
    for (int i = 0; i < 1500; ++i) world.step();
    for (const auto& function : {a, b, c}) {
      EXPECT_GE(places(world, function), kAccount / 3 - 1) << "seed " << seed;
      EXPECT_LE(places(world, function), kAccount / 3 + 1) << "seed " << seed;
    }
  }
}

TEST(FairShare, ThatNobodyNeedsAnyMoreGoesBackToTheFlood) {
  World world(9, 2, {}, kAccount);
  const auto a = world.deploy("a");
  const auto b = world.deploy("b");
  flood(world, a, 4000);
  flood(world, b, 100);
  for (int i = 0; i < 200; ++i) world.step();
  const auto first = world.deploy("first");
  const CallId gone = world.call(0, first);
  (void)world.cancel(0, first, gone);
  for (int i = 0; i < 4000; ++i) world.step();
  EXPECT_GE(places(world, a), kAccount * 9 / 10 - 1);
  world.settle_down();
  EXPECT_EQ(world.outcomes(), 4100U);
}

TEST(FairShare, AFunctionThatNeedsManyInstancesDoesNotHoldUpTheFirstOfAnother) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(seed, 1);
    const auto a = world.deploy("a");
    for (int i = 0; i < 250; ++i) world.call(0, a);
    const auto first = world.deploy("first");
    const std::uint32_t before = places(world, a);
    world.call(0, first);
    while (places(world, first) == 0) ASSERT_TRUE(world.step());
    EXPECT_LE(places(world, a), before + DispatchOptions{}.starts_max) << "seed " << seed;
    world.settle_down();
    EXPECT_EQ(world.outcomes(), 251U);
  }
}

}  // namespace
}  // namespace convoke::testing
