#include "core/dispatch/dispatcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

using Kind = Outcome::Kind;

TEST(Dispatch, ASecondCallOnAnotherShardUsesTheWarmInstanceOfTheFirst) {
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

TEST(Dispatch, ALimitHoldsExactlyAcrossShardsAndEverybodyIsServed) {
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

TEST(Dispatch, APlaceThatFallsFreeJustBeforeSomebodyIsSeenWaitingIsNotLeftEmpty) {
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

TEST(Dispatch, WithALimitOfOneBothShardsAreServedInTheOrderTheyCame) {
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

TEST(Dispatch, AFreedSlotGoesToTheLongestWaitingCallOnAnyShard) {
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

TEST(Dispatch, AQueuedCallIsRunAndSettled) {
  World world(5, 2);
  const auto function = world.deploy("f");
  const CallId id = world.enqueue(0, function);
  world.until_quiet(Seconds{1});
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kSucceeded);
}

TEST(Dispatch, AStoreThatHandsOutNothingIsNotAskedAgainBeforeItSaysSo) {
  World world(5, 1);
  const auto function = world.deploy("f");
  world.queue(0).hands_out = false;
  const CallId id = world.enqueue(0, function);
  world.settle_down();
  EXPECT_EQ(world.queue(0).claims_answered, 1);
  world.queue(0).hands_out = true;
  world.queue(0).say_ready(function->id);
  world.until_quiet(Seconds{5});
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kSucceeded);
}

TEST(Dispatch, WithoutTheEnginesLeaseCallersAreRefusedAndTheQueueWaits) {
  World world(5, 1);
  const auto function = world.deploy("f");
  world.lease.set(Instant{});
  const CallId queued = world.enqueue(0, function);
  const CallId refused = world.call(0, function);
  world.settle_down();
  EXPECT_EQ(world.outcome(refused)->error->code, ErrorCode::kServiceUnavailable);
  EXPECT_TRUE(world.queue(0).settlements.empty());
  world.lease.set(kNever);
  world.dispatcher(0).on_lease();
  world.until_quiet(Seconds{1});
  EXPECT_EQ(world.queue(0).settlements.at(queued.text()), Settlement::kSucceeded);
}

TEST(Dispatch, WhoOutlivesTheStoreServesCallersWhileItIsAwayAndNothingFromTheQueue) {
  World world(5, 1);
  const auto function = world.deploy("f");
  world.lease.outlive_store(Seconds{3});
  world.lease.set(Instant{});
  const CallId refused = world.call(0, function);
  world.settle_down();
  EXPECT_EQ(world.outcome(refused)->error->code, ErrorCode::kServiceUnavailable)
      << "the store answers, and has not said that calls may begin";
  world.lease.set_claims_of(ShardIndex{0}, world.clock.now() + Seconds{1});
  const CallId queued = world.enqueue(0, function);
  const CallId called = world.call(0, function);
  while (world.outcome(called) == nullptr) ASSERT_TRUE(world.step());
  EXPECT_EQ(world.outcome(called)->kind, Outcome::Kind::kReplied);
  EXPECT_TRUE(world.queue(0).settlements.empty());
  world.lease.set(kNever);
  world.lease.set_claims_of(ShardIndex{0}, kNever);
  world.dispatcher(0).on_lease();
  world.until_quiet(Seconds{5});
  EXPECT_EQ(world.queue(0).settlements.at(queued.text()), Settlement::kSucceeded);
}

TEST(Dispatch, WhatIsClaimedByAShardWithoutItsLeaseIsNotBegun) {
  World world(5, 1);
  const auto function = world.deploy("f");
  world.lease.set_claims_of(ShardIndex{0}, Instant{});
  const CallId queued = world.enqueue(0, function);
  const CallId called = world.call(0, function);
  while (world.outcome(called) == nullptr) ASSERT_TRUE(world.step());
  EXPECT_EQ(world.outcome(called)->kind, Outcome::Kind::kReplied)
      << "callers have nothing to do with it";
  EXPECT_TRUE(world.queue(0).settlements.empty());
  world.lease.set_claims_of(ShardIndex{0}, kNever);
  world.until_quiet(Seconds{5});
  EXPECT_EQ(world.queue(0).settlements.at(queued.text()), Settlement::kSucceeded);
}

TEST(Dispatch, QueuedCallsAreNotStarvedByCallersNorCallersByThem) {
  World world(11, 2);
  const auto function = world.deploy("f");
  world.set_limit(function, 1);
  for (int i = 0; i < 50; ++i) world.enqueue(0, function);
  for (int i = 0; i < 50; ++i) world.call(1, function);
  std::size_t callers_done = 0;
  while (world.outcomes() < 50 && world.step()) callers_done = world.outcomes();
  EXPECT_EQ(callers_done, 50U);
  EXPECT_GE(world.queue(0).settlements.size(), 3U) << "one turn in eight is theirs";
  world.until_quiet(Seconds{5});
  EXPECT_EQ(world.queue(0).settlements.size(), 50U);
}

TEST(Dispatch, ACallerThatWaitedTooLongIsRefusedAndLeavesTheLine) {
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

TEST(Dispatch, ACallerWhoseInstanceIsStartingWaitsForItsEnd) {
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

TEST(Dispatch, TheLineIsBoundedForAllShardsTogether) {
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

TEST(Dispatch, ACallerThatWentAwayInLineNeverStarts) {
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

TEST(Dispatch, ATimedOutCallIsAnsweredAtItsDeadlineAndItsInstanceStopped) {
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

TEST(Dispatch, NeighboursOfATimedOutCallRunToTheirEndsAndNoNewCallEnters) {
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

TEST(Dispatch, AnInstanceThatHoldsOnlyTimedOutCallsIsStopped) {
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

TEST(Dispatch, ACallableKeepsItsSlotAfterTheDeadlineUntilItCallsBack) {
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

TEST(Dispatch, AnInstanceThatCannotStartTellsEachCallerWhy) {
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

TEST(Dispatch, ACallThatNeverReachedItsDyingInstanceRunsOnAnother) {
  World world(31, 1);
  const auto function = world.deploy("f");
  world.frozen = true;
  const CallId id = world.call(0, function);
  world.frozen = false;
  while (world.start_order.empty()) world.step();
  world.script.dies = 100;
  world.script.never_reached = 100;
  ScriptedInstance* const dying = *world.instances.begin();
  while (world.instances.contains(dying)) world.step();
  world.script = {};
  world.settle_down();
  ASSERT_NE(world.outcome(id), nullptr);
  EXPECT_EQ(world.outcome(id)->kind, Kind::kReplied);
  EXPECT_EQ(world.start_order, (std::vector<CallId>{id, id}));
}

TEST(Dispatch, ACallerIsToldWhenEveryInstanceGoesBeforeItHasReadTheCall) {
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

TEST(Dispatch, NoCallThatHasNotBegunHidesBehindItsNeighbourInADyingInstance) {
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
  while (world.instances.contains(dying)) world.step();
  world.script = {};
  world.settle_down();
  for (const CallId& id : {first, second}) {
    ASSERT_NE(world.outcome(id), nullptr);
    EXPECT_EQ(world.outcome(id)->kind, Kind::kReplied);
  }
}

TEST(Dispatch, AFunctionErrorIsRetriedThreeTimesThenFails) {
  World world(23, 1);
  const auto function = world.deploy("f");
  world.script.fails = 100;
  const CallId id = world.enqueue(0, function);
  world.until_quiet(Seconds{60});
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kFailed);
  EXPECT_EQ(world.start_order.size(), 4U);
}

TEST(Dispatch, WithoutRetriesACallThatFailsRunsOnce) {
  World world(23, 1);
  const auto function = world.deploy("f");
  world.configure_async(function, 0, Seconds{86'400});
  world.configure_async(function, 8, Seconds{86'400}, "prod");
  world.script.fails = 100;
  const CallId id = world.enqueue(0, function);
  world.until_quiet(Seconds{60});
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kFailed);
  EXPECT_EQ(world.start_order.size(), 1U);
}

TEST(Dispatch, ARetryGoesByTheConfigOfItsMoment) {
  World world(23, 1);
  const auto function = world.deploy("f");
  world.configure_async(function, 8, Seconds{86'400});
  world.script.fails = 100;
  world.enqueue(0, function);
  world.settle_down();
  world.configure_async(function, 1, Seconds{86'400});
  world.until_quiet(Seconds{60});
  EXPECT_EQ(world.start_order.size(), 2U);
}

TEST(Dispatch, ACallPastItsAgeIsNotRun) {
  World world(23, 1);
  const auto function = world.deploy("f");
  world.configure_async(function, 3, Seconds{1});
  world.set_limit(function, 0);
  const CallId id = world.enqueue(0, function);
  world.settle_down();
  world.advance(Millis{1001});
  world.set_limit(function, kUnlimited);
  world.until_quiet(Seconds{60});
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kExpired);
  EXPECT_TRUE(world.start_order.empty());
}

TEST(Dispatch, AnIdleInstanceIsReapedAfterFiveMinutes) {
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

TEST(Dispatch, AFullAccountLetsItsLongestIdleInstanceGoForANewFunction) {
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
