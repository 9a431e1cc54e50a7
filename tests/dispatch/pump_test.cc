#include <gtest/gtest.h>

#include <algorithm>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

using Kind = Outcome::Kind;

TEST(Pump, AQueuedCallIsRunAndSettled) {
  World world(5, 2);
  const auto function = world.deploy("f");
  const CallId id = world.enqueue(0, function);
  world.until_quiet(Seconds{1});
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kSucceeded);
}

TEST(Pump, AStoreThatHandsOutNothingIsNotAskedAgainBeforeItSaysSo) {
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

TEST(Pump, WithoutTheEnginesLeaseCallersAreRefusedAndTheQueueWaits) {
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

TEST(Pump, WhoOutlivesTheStoreServesCallersWhileItIsAwayAndNothingFromTheQueue) {
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

TEST(Pump, WhatIsClaimedByAShardWithoutItsLeaseIsNotBegun) {
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

TEST(Pump, QueuedCallsAreNotStarvedByCallersNorCallersByThem) {
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

TEST(Pump, AFunctionErrorIsRetriedThreeTimesThenFails) {
  World world(23, 1);
  const auto function = world.deploy("f");
  world.script.fails = 100;
  const CallId id = world.enqueue(0, function);
  world.until_quiet(Seconds{60});
  EXPECT_EQ(world.queue(0).settlements.at(id.text()), Settlement::kFailed);
  EXPECT_EQ(world.start_order.size(), 4U);
}

TEST(Pump, EachAttemptThatBeginsIsOverOnceAndOneThatIsRefusedNeverRuns) {
  World world(23, 2);
  const auto function = world.deploy("f");
  world.script.fails = 30;
  world.script.dies = 10;
  std::vector<CallId> refused;
  for (int i = 0; i < 40; ++i) {
    const CallId id = world.enqueue(static_cast<std::uint16_t>(i % 2), function);
    if (i % 4 == 0) refused.push_back(id);
  }
  world.attempts.refused.insert(refused.begin(), refused.end());
  world.until_quiet(Seconds{600});
  EXPECT_GE(world.attempts.begun, 30);
  EXPECT_TRUE(world.attempts.under_way.empty());
  for (const CallId& id : refused) {
    EXPECT_EQ(std::count(world.start_order.begin(), world.start_order.end(), id), 0);
    const std::uint16_t shard = world.queue(0).settlements.contains(id.text()) ? 0 : 1;
    EXPECT_EQ(world.queue(shard).settlements.at(id.text()), Settlement::kFailed);
    EXPECT_EQ(world.queue(shard).endings.at(id.text()).report.error, "RecursiveInvocation");
  }
}

TEST(Pump, WithoutRetriesACallThatFailsRunsOnce) {
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

TEST(Pump, ARetryGoesByTheConfigOfItsMoment) {
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

TEST(Pump, ACallPastItsAgeIsNotRun) {
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

}  // namespace
}  // namespace convoke::testing
