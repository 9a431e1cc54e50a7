#include "core/dispatch/dispatcher.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

using Kind = Outcome::Kind;

TEST(Dispatch, AnUpdateStartsNothingOnOldCode) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(seed, 2);
    auto function = world.deploy("f", 2);
    world.set_limit(function, 3);
    for (int i = 0; i < 20; ++i) world.call(static_cast<std::uint16_t>(i % 2), function);
    for (std::uint64_t i = world.rng.below(40); i > 0; --i) world.step();
    const std::size_t before = world.started_revisions.size();
    function = world.redeploy(function);
    for (int i = 0; i < 20; ++i) world.call(static_cast<std::uint16_t>(i % 2), function);
    world.settle_down();
    for (std::size_t i = before; i < world.started_revisions.size(); ++i) {
      EXPECT_EQ(world.started_revisions[i], 2U) << "seed " << seed;
    }
    EXPECT_EQ(world.outcomes(), 40U) << "seed " << seed;
    EXPECT_LE(world.live_most, 3U);
    world.expect_slots_add_up(function);
  }
}

TEST(Dispatch, ADeletedFunctionAnswersItsCallersAndEndsItsQueueInvalid) {
  World world(9, 2);
  const auto function = world.deploy("f");
  world.frozen = true;
  const CallId waiting = world.call(0, function);
  const CallId queued = world.enqueue(1, function);
  world.remove(function);
  EXPECT_EQ(world.outcome(waiting)->error->code, ErrorCode::kFunctionNotFound);
  world.frozen = false;
  const CallId late = world.enqueue(1, function);
  world.until_quiet(Seconds{5});
  EXPECT_EQ(world.queue(1).settlements.at(queued.text()), Settlement::kInvalid);
  EXPECT_EQ(world.queue(1).settlements.at(late.text()), Settlement::kInvalid);
  EXPECT_EQ(world.live, 0U);
}

TEST(Dispatch, WhatIsQueuedWhenItsFunctionIsDeletedEndsInvalidThoughNothingElseHappens) {
  World world(11, 2);
  const auto function = world.deploy("f");
  world.set_limit(function, 0);
  const CallId queued = world.enqueue(1, function);
  world.settle_down();
  world.remove(function);
  world.until_quiet(Seconds{5});
  ASSERT_EQ(world.queue(1).settlements.count(queued.text()), 1U) << "nobody has told it";
  EXPECT_EQ(world.queue(1).settlements.at(queued.text()), Settlement::kInvalid);
}

TEST(Dispatch, ALimitOfZeroEndsWhatRunsRefusesCallersAndKeepsTheQueue) {
  World world(13, 2);
  const auto function = world.deploy("f");
  world.script.hangs = 100;
  const CallId inside = world.call(0, function);
  world.settle_down();
  EXPECT_EQ(world.running, 1U);
  world.set_limit(function, 0);
  const CallId refused = world.call(1, function);
  const CallId queued = world.enqueue(1, function);
  world.settle_down();
  EXPECT_EQ(world.outcome(inside)->kind, Kind::kLost);
  EXPECT_EQ(world.outcome(refused)->error->code, ErrorCode::kResourceThrottled);
  EXPECT_EQ(world.live, 0U);
  EXPECT_EQ(world.unsettled(), 1U);

  world.script.hangs = 0;
  world.set_limit(function, kUnlimited);
  world.until_quiet(Seconds{5});
  EXPECT_EQ(world.queue(1).settlements.at(queued.text()), Settlement::kSucceeded);
}

TEST(Dispatch, ADrainLeavesTheQueueAndServesTheLine) {
  World world(29, 1);
  const auto function = world.deploy("f");
  world.frozen = true;
  const CallId waiting = world.call(0, function);
  world.dispatcher(0).drain();
  world.enqueue(0, function);
  world.frozen = false;
  world.settle_down();
  EXPECT_EQ(world.outcome(waiting)->kind, Kind::kReplied);
  EXPECT_EQ(world.unsettled(), 1U);
}

constexpr std::uint64_t kStorms = 200;

// Everything at once: deaths, failed starts, hangs, updates, limits going up and down, callers that
// leave. Each caller has one answer, each queued call is settled once, no slot is lost or made up.
TEST(Dispatch, ConservesCallsAndSlotsThroughRandomStorms) {
  for (std::uint64_t seed = 1; seed <= kStorms; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed, static_cast<std::uint16_t>(1 + seed % 4));
    const auto shards = 1 + seed % 4;
    auto function =
        world.deploy("f", static_cast<std::uint32_t>(1 + world.rng.below(4)), Seconds{2});
    std::uint32_t limit = static_cast<std::uint32_t>(1 + world.rng.below(6));
    world.set_limit(function, limit);
    world.script = {world.rng.below(20), world.rng.below(10), world.rng.below(30),
                    world.rng.below(30), 50};

    std::vector<CallId> callers;
    std::vector<std::pair<std::uint16_t, CallId>> queued;
    std::size_t cancelled = 0;
    for (int i = 0; i < 150; ++i) {
      const auto shard = static_cast<std::uint16_t>(world.rng.below(shards));
      switch (world.rng.below(12)) {
        case 0:
          function = world.redeploy(function);
          break;
        case 1:
          world.advance(Millis{static_cast<std::int64_t>(world.rng.below(3000))});
          break;
        case 2:
        case 3:
        case 4:
          queued.emplace_back(shard, world.enqueue(shard, function));
          break;
        case 5:
          if (!callers.empty() && world.cancel(shard, function, callers.back())) {
            callers.pop_back();
            ++cancelled;
          }
          break;
        default:
          callers.push_back(world.call(shard, function));
          break;
      }
      for (std::uint64_t n = world.rng.below(6); n > 0; --n) world.step();
      ASSERT_LE(world.live, limit);
    }
    world.script = {};
    world.until_quiet(Seconds{600});
    for (const CallId& id : callers) ASSERT_NE(world.outcome(id), nullptr);
    EXPECT_EQ(world.outcomes(), callers.size());
    for (const auto& [shard, id] : queued) {
      EXPECT_TRUE(world.queue(shard).settlements.contains(id.text()));
    }
    EXPECT_EQ(world.unsettled(), 0U);
    world.expect_slots_add_up(function);
  }
}

}  // namespace
}  // namespace convoke::testing
