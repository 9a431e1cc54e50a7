// What the exploration of the lease protocol found (queue/redis/LEASE.md), on a real server: late
// commands, a burial that is under way, and news that a lost claim swallowed.
#include <gtest/gtest.h>

#include "queue/redis/scripts.h"
#include "tests/queue/redis_engines.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};
using Engine = RedisEngines::Engine;

// As an engine of this incarnation would, whose connection has ended meanwhile.
std::string call(RedisEngines& world, const redis::Script& script,
                 const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"EVAL", std::string(script.text()), "5"};
  const redis::FunctionKeys keys(world.prefix(), kF);
  words.insert(words.end(), keys.all().begin(), keys.all().end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  return world.ask(words);
}

void claim_late(RedisEngines& world, std::uint64_t incarnation) {
  call(world, redis::scripts().join, {std::to_string(incarnation)});
  call(world, redis::scripts().claim, {std::to_string(incarnation), "1", "0"});
}

// Within three heartbeats. It rests each time, so that no connection is given up for its silence.
[[nodiscard]] bool hears_of_calls(RedisEngines& world, Engine& engine) {
  const int before = engine.heard.ready[kF.value];
  for (int i = 0; i < 30 && engine.heard.ready[kF.value] == before; ++i) {
    world.pass(Seconds{1});
  }
  return engine.heard.ready[kF.value] > before;
}

TEST(RedisLate, WhatALateCommandOfABuriedOneClaimedIsTakenOver) {
  RedisEngines world;
  Engine& one = world.start();
  world.accepted(one, kF);
  claim_late(world, 1'000'000'000);
  EXPECT_TRUE(world.claim(one, kF).empty());
  ASSERT_TRUE(hears_of_calls(world, one));
  const auto claimed = world.claim(one, kF);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_TRUE(claimed[0].maybe_repeated);
  EXPECT_EQ(world.settled(one, claimed[0].receipt), SettleResult::kDone);
  EXPECT_EQ(world.drift(kF), 0);
}

TEST(RedisLate, WhatALateCommandOfOursClaimedIsHandedOut) {
  RedisEngines world;
  Engine& one = world.start();
  world.accepted(one, kF);
  claim_late(world, one.store->incarnation());
  EXPECT_TRUE(world.claim(one, kF).empty());
  ASSERT_TRUE(hears_of_calls(world, one));
  const auto claimed = world.claim(one, kF);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(world.settled(one, claimed[0].receipt), SettleResult::kDone);
}

TEST(RedisLate, OneWhoseBurialHasBegunLosesItsLeaseAtItsNextHeartbeat) {
  RedisEngines world;
  Engine& one = world.start();
  world.accepted(one, kF);
  const Receipt receipt = world.claim(one, kF).at(0).receipt;
  const std::uint64_t before = one.store->incarnation();
  const std::string engines = redis::SharedKeys(world.prefix()).engines;
  world.ask({"EVAL", std::string(redis::scripts().condemn.text()), "1", engines,
             std::to_string(before), "0"});
  world.until([&] {
    world.pass(Millis{100});
    return one.store->incarnation() != before && one.store->health().ok();
  });
  EXPECT_EQ(world.settled(one, receipt), SettleResult::kStale);
}

TEST(RedisLate, OneThatIsNotSilentIsNotCondemned) {
  RedisEngines world;
  Engine& one = world.start();
  const std::string engines = redis::SharedKeys(world.prefix()).engines;
  EXPECT_EQ(world.ask({"EVAL", std::string(redis::scripts().condemn.text()), "1", engines,
                       std::to_string(one.store->incarnation()), "60000"}),
            "0");
  EXPECT_NE(world.ask({"ZSCORE", engines, std::to_string(one.store->incarnation())}), "0");
}

TEST(RedisLate, WhoeverWasRefusedAClaimIsToldOfTheCallsAgain) {
  RedisEngines world;
  Engine& one = world.start();
  world.accepted(one, kF);
  world.until([&] { return one.heard.ready[kF.value] > 0; });
  world.clock.advance(Seconds{31});
  EXPECT_TRUE(world.claim(one, kF).empty());  // no lease holds
  const int before = one.heard.ready[kF.value];
  world.until([&] { return one.heard.ready[kF.value] > before; });
  EXPECT_EQ(world.claim(one, kF).size(), 1U);
}

}  // namespace
}  // namespace convoke::fake
