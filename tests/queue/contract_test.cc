// The queue contract, promise by promise (queue/queue.h). Every store runs the same suite.
#include "tests/queue/contract.h"

#include "tests/queue/journal_world.h"
#include "tests/queue/model_store.h"
#include "tests/queue/redis_cluster_world.h"
#include "tests/queue/redis_stand_in_world.h"
#include "tests/queue/redis_world.h"

namespace convoke::fake {
namespace {

TEST_P(QueueContract, Q1_AcceptedIsReportedOnlyWhenNoCrashCanLoseTheCall) {
  bool answered = false;
  NewCall call = world().call(kF);
  queue().accept(call, [&answered](const Result<void>& result) { answered = result.ok(); });
  EXPECT_FALSE(answered) << "before anything was sent";
  world().end_turn();
  EXPECT_FALSE(answered) << "before the store has answered";
  EXPECT_FALSE(queue().find(call.id));
  world().settle();
  ASSERT_TRUE(answered);
  world().crash();
  ASSERT_TRUE(world().find(call.id));
  EXPECT_EQ(events(world().claim(kF)), Events{"event"});
}

TEST_P(QueueContract, Q1_ACallThatWasNotAcknowledgedMayBeLostButNeverHalf) {
  for (int round = 0; round < 50; ++round) {
    const NewCall call = world().call(kF, std::string(900, 'x'));
    queue().accept(call, [](const Result<void>&) { ADD_FAILURE() << "the engine is gone"; });
    world().end_turn();
    world().crash();
    const auto claimed = world().claim(kF);
    ASSERT_EQ(claimed.size(), world().find(call.id) ? 1U : 0U);
    if (claimed.empty()) continue;
    EXPECT_EQ(claimed[0].event, std::string(900, 'x'));
    EXPECT_EQ(world().settled(claimed[0].receipt), SettleResult::kDone);
  }
}

TEST_P(QueueContract, Q1_EverythingOfACallComesBackAsItWasAccepted) {
  NewCall call = world().call(kF, std::string("\0\xff\n binary", 10));
  call.qualifier = "LATEST";
  call.name = "nightly";
  ASSERT_TRUE(world().accept(call).ok());
  for (const bool after_crash : {false, true}) {
    if (after_crash) world().crash();
    const auto claimed = world().claim(kF);
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_EQ(claimed[0].receipt.id, call.id);
    EXPECT_EQ(claimed[0].receipt.function, kF);
    EXPECT_EQ(claimed[0].event, call.event);
    EXPECT_EQ(claimed[0].qualifier, "LATEST");
    EXPECT_EQ(claimed[0].name, "nightly");
    EXPECT_EQ(claimed[0].accepted, call.accepted);
    EXPECT_EQ(claimed[0].due, call.due);
    EXPECT_EQ(claimed[0].function_errors, 0U);
    EXPECT_EQ(claimed[0].retries, 0U);
    EXPECT_EQ(claimed[0].maybe_repeated, after_crash);
  }
}

TEST_P(QueueContract, Q1_AnEventMayBeEmpty) {
  world().accepted(kF, "");
  world().crash();
  EXPECT_EQ(events(world().claim(kF)), Events{""});
}

TEST_P(QueueContract, Q2_AClaimedCallComesBackAfterACrashAndSaysThatItMayHaveRun) {
  world().accepted(kF);
  ASSERT_FALSE(world().claim(kF).at(0).maybe_repeated);
  world().crash();
  const auto again = world().claim(kF);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_TRUE(again[0].maybe_repeated);
  EXPECT_EQ(again[0].retries, 0U) << "no attempt has a recorded end";
}

TEST_P(QueueContract, Q2_GivingBackDoesNotForgetThatItMayHaveRun) {
  world().accepted(kF);
  world().claim(kF);
  world().crash();
  const auto first = world().claim(kF);
  queue().give_back(first.at(0).receipt);
  EXPECT_TRUE(world().claim(kF).at(0).maybe_repeated);
}

TEST_P(QueueContract, Q2_OnceAnAttemptsEndIsRecordedTheNextOneIsAnOrdinaryRetry) {
  world().accepted(kF);
  world().crash();
  const auto first = world().claim(kF);
  ASSERT_EQ(world().postponed(first.at(0).receipt, in(Millis{0})), SettleResult::kDone);
  const auto second = world().claim(kF);
  EXPECT_FALSE(second.at(0).maybe_repeated);
  EXPECT_EQ(second[0].retries, 1U);
}

TEST_P(QueueContract, Q2_ADelayedOrPostponedCallSurvivesACrashWithItsDueTimeAndCounters) {
  NewCall delayed = world().call(kF, "delayed");
  delayed.due = in(Seconds{60});
  ASSERT_TRUE(world().accept(delayed).ok());
  world().accepted(kG, "postponed");
  const auto claimed = world().claim(kG);
  ASSERT_EQ(world().postponed(claimed.at(0).receipt, in(Seconds{90})), SettleResult::kDone);
  world().crash();
  EXPECT_TRUE(world().claim(kF).empty());
  EXPECT_TRUE(world().claim(kG).empty());
  EXPECT_EQ(queue().counts().delayed, 2U);
  world().advance(Seconds{90});
  EXPECT_EQ(world().claim(kF).at(0).due, delayed.due);
  const auto again = world().claim(kG);
  EXPECT_EQ(again.at(0).due, claimed[0].due) << "age counts from when it first fell due";
  EXPECT_EQ(again[0].function_errors, 1U);
  EXPECT_EQ(again[0].retries, 1U);
}

TEST_P(QueueContract, ACallsAgeCountsFromItsFirstDueTimeHoweverOftenItIsRetried) {
  NewCall delayed = world().call(kF);
  delayed.due = in(Seconds{60});
  ASSERT_TRUE(world().accept(delayed).ok());
  world().advance(Seconds{60});
  for (int retry = 0; retry < 3; ++retry) {
    const auto claimed = world().claim(kF);
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_EQ(claimed[0].due, delayed.due) << retry;
    ASSERT_EQ(world().postponed(claimed[0].receipt, in(Seconds{10})), SettleResult::kDone);
    if (retry == 1) world().crash();
    world().advance(Seconds{10});
  }
}

TEST_P(QueueContract, Q3_EpochsOnlyGrowWithinAndAcrossLivesOfTheEngine) {
  world().accepted(kF);
  Epoch last{};
  for (int life = 0; life < 3; ++life) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto claimed = world().claim(kF);
      ASSERT_EQ(claimed.size(), 1U);
      EXPECT_GT(claimed[0].receipt.epoch, last);
      last = claimed[0].receipt.epoch;
      if (attempt < 2) queue().give_back(claimed[0].receipt);
    }
    world().crash();
  }
}

TEST_P(QueueContract, Q3_AStaleReceiptChangesNothing) {
  const CallId id = world().accepted(kF);
  const Receipt given_back = world().claim(kF).at(0).receipt;
  queue().give_back(given_back);
  const Receipt current = world().claim(kF).at(0).receipt;
  EXPECT_EQ(world().settled(given_back), SettleResult::kStale);
  EXPECT_EQ(world().postponed(given_back, in(Millis{0})), SettleResult::kStale);
  queue().give_back(given_back);
  world().settle();
  EXPECT_EQ(queue().counts().claimed, 1U);
  EXPECT_EQ(world().find(id)->retries, 0U);
  EXPECT_EQ(world().settled(current), SettleResult::kDone);
}

TEST_P(QueueContract, Q3_AReceiptOfAnEngineThatDiedIsStale) {
  world().accepted(kF);
  const Receipt old = world().claim(kF).at(0).receipt;
  world().crash();
  EXPECT_EQ(world().settled(old), SettleResult::kStale) << "before the new engine's claim";
  world().claim(kF);
  EXPECT_EQ(world().settled(old), SettleResult::kStale) << "and after it";
  EXPECT_EQ(queue().counts().claimed, 1U);
}

TEST_P(QueueContract, Q3_AReceiptIsGoodForOneUse) {
  world().accepted(kF);
  const Receipt receipt = world().claim(kF).at(0).receipt;
  std::vector<SettleResult> results;
  const auto note = [&results](SettleResult result) { results.push_back(result); };
  queue().settle(receipt, Settlement::kFailed, note);
  queue().settle(receipt, Settlement::kSucceeded, note);
  queue().postpone(receipt, in(Millis{0}), Spends::kAge, {}, note);
  queue().give_back(receipt);
  world().settle();
  std::sort(results.begin(), results.end());
  EXPECT_EQ(results,
            (std::vector{SettleResult::kDone, SettleResult::kStale, SettleResult::kStale}));
  EXPECT_EQ(queue().counts().settled, 1U);
  EXPECT_EQ(queue().counts().ready, 0U);
}

TEST_P(QueueContract, Q3_AReceiptForACallThatNeverWasIsStale) {
  const Receipt forged{CallId::from_random(1, 2), kF, Epoch::of(1, 1)};
  EXPECT_EQ(world().settled(forged), SettleResult::kStale);
  queue().give_back(forged);
  world().settle();
  EXPECT_EQ(queue().counts().accepted, 0U);
}

TEST_P(QueueContract, Q4_ASettledCallIsNeverClaimedAgain) {
  for (const Settlement settlement :
       {Settlement::kSucceeded, Settlement::kFailed, Settlement::kStopped, Settlement::kExpired,
        Settlement::kInvalid}) {
    const CallId id = world().accepted(kF);
    ASSERT_EQ(world().settled(world().claim(kF).at(0).receipt, settlement), SettleResult::kDone);
    EXPECT_FALSE(world().find(id));
    EXPECT_TRUE(world().claim(kF).empty());
    world().crash();
    EXPECT_FALSE(world().find(id));
    EXPECT_TRUE(world().claim(kF).empty());
  }
}

TEST_P(QueueContract, Q4_ASettleThatWasNotReportedMayBeLostButThenTheCallIsWhole) {
  for (int round = 0; round < 30; ++round) {
    world().accepted(kF);
    const Receipt receipt = world().claim(kF).at(0).receipt;
    queue().settle(receipt, Settlement::kSucceeded, [](SettleResult) {});
    world().end_turn();
    world().crash();
    for (const ClaimedCall& call : world().claim(kF)) {
      EXPECT_EQ(call.receipt.id, receipt.id);
      EXPECT_TRUE(call.maybe_repeated);
      EXPECT_EQ(world().settled(call.receipt), SettleResult::kDone);
    }
  }
}

TEST_P(QueueContract, Q6_CountsAreConservedInEveryStand) {
  const auto check = [this](std::uint64_t ready, std::uint64_t delayed, std::uint64_t claimed,
                            std::uint64_t settled) {
    for (const QueueCounts& counts : {queue().counts(), queue().counts(kF)}) {
      EXPECT_TRUE(conserved(counts));
      EXPECT_EQ(counts.ready, ready);
      EXPECT_EQ(counts.delayed, delayed);
      EXPECT_EQ(counts.claimed, claimed);
      EXPECT_EQ(counts.settled, settled);
    }
  };
  check(0, 0, 0, 0);
  world().accepted(kF);
  world().accepted(kF);
  check(2, 0, 0, 0);
  const auto claimed = world().claim(kF, 2);
  check(0, 0, 2, 0);
  ASSERT_EQ(world().postponed(claimed.at(0).receipt, in(Seconds{1})), SettleResult::kDone);
  check(0, 1, 1, 0);
  queue().settle(claimed.at(1).receipt, Settlement::kSucceeded, [](SettleResult) {});
  check(0, 1, 1, 0);
  world().settle();
  check(0, 1, 0, 1);
  world().advance(Seconds{1});
  check(1, 0, 0, 1);
}

TEST_P(QueueContract, Q7_BeyondDepthMaxACallIsThrottledAndNothingIsWritten) {
  make(Limits{3, 2});
  world().accepted(kF);
  world().accepted(kF);
  const auto refused = world().accept(world().call(kF));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceThrottled);
  EXPECT_TRUE(refused.error().retry_after);
  world().accepted(kG);
  EXPECT_EQ(world().accept(world().call(kG)).error().code, ErrorCode::kResourceThrottled);
  EXPECT_EQ(queue().counts().accepted, 3U);
  world().crash();
  EXPECT_EQ(queue().counts().accepted, 3U);
  ASSERT_EQ(world().settled(world().claim(kF).at(0).receipt), SettleResult::kDone);
  EXPECT_TRUE(world().accept(world().call(kF)).ok());
}

TEST_P(QueueContract, Q7_AnEventTooLargeForTheStoreIsRefused) {
  const auto refused = world().accept(world().call(kF, std::string(64UL << 20, 'x')));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kEntityTooLarge);
  EXPECT_EQ(queue().counts().accepted, 0U);
}

TEST_P(QueueContract, Q8_AFailedWriteIsFinalUntilRestartAndKeepsWhatWasAcknowledged) {
  const CallId kept = world().accepted(kF);
  const auto claimed = world().claim(kF);
  world().accepted(kG);
  EXPECT_TRUE(queue().health().ok());
  world().fail_writes();
  const NewCall lost = world().call(kF);
  EXPECT_EQ(world().accept(lost).error().code, ErrorCode::kServiceUnavailable);
  EXPECT_FALSE(queue().health().ok());
  EXPECT_EQ(world().accept(world().call(kF)).error().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(world().settled(claimed.at(0).receipt), SettleResult::kStoreFailed);
  EXPECT_EQ(world().postponed(claimed.at(0).receipt, in(Millis{0})), SettleResult::kStoreFailed);
  EXPECT_TRUE(world().claim(kG).empty()) << "nothing is started whose end cannot be recorded";
  EXPECT_TRUE(conserved(queue().counts()));
  world().crash();
  EXPECT_TRUE(queue().health().ok());
  EXPECT_TRUE(world().find(kept));
  EXPECT_EQ(world().claim(kG).size(), 1U);
  EXPECT_TRUE(world().accept(world().call(kF)).ok());
}

TEST_P(QueueContract, Q8_WhatIsUnderWayWhenAWriteFailsIsToldSo) {
  world().accepted(kF);
  const auto claimed = world().claim(kF);
  std::vector<SettleResult> settled;
  queue().settle(claimed.at(0).receipt, Settlement::kSucceeded,
                 [&settled](SettleResult result) { settled.push_back(result); });
  world().end_turn();
  std::optional<Result<void>> accepted;
  queue().accept(world().call(kF), [&accepted](Result<void> result) { accepted = result; });
  world().fail_writes();
  world().settle();
  EXPECT_EQ(settled, std::vector{SettleResult::kStoreFailed});
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->error().code, ErrorCode::kServiceUnavailable);
  EXPECT_TRUE(conserved(queue().counts()));
}

TEST_P(QueueContract, ReadyIsSaidForTheFirstCallAndAgainWhenAClaimLeavesSome) {
  world().accepted(kF);
  EXPECT_EQ(world().heard.ready[kF.value], 1);
  world().accepted(kF);
  world().accepted(kF);
  EXPECT_EQ(world().heard.ready[kF.value], 1) << "not for each call";
  world().claim(kF, 2);
  EXPECT_EQ(world().heard.ready[kF.value], 2) << "one is left";
  const auto last = world().claim(kF, 2);
  EXPECT_EQ(world().heard.ready[kF.value], 2);
  queue().give_back(last.at(0).receipt);
  world().settle();
  EXPECT_EQ(world().heard.ready[kF.value], 3);
  world().crash();
  EXPECT_EQ(world().heard.ready[kF.value], 1) << "an engine that starts hears of what it found";
}

TEST_P(QueueContract, EveryAnswerComesInALaterTurn) {
  world().accepted(kF);
  const auto claimed = world().claim(kF);
  bool answered = false;
  const int answers = world().heard.answers;
  queue().claim(kF, 1);
  NewCall twin = world().call(kF);
  twin.id = claimed.at(0).receipt.id;
  queue().accept(twin, [&answered](const Result<void>& result) {
    answered = true;
    EXPECT_EQ(result.error().code, ErrorCode::kCallAlreadyExists);
  });
  Receipt stale = claimed.at(0).receipt;
  stale.epoch = Epoch{};
  queue().settle(stale, Settlement::kFailed, [&answered](SettleResult) { answered = true; });
  world().end_turn();
  EXPECT_FALSE(answered);
  EXPECT_EQ(world().heard.answers, answers);
  world().settle();
  EXPECT_TRUE(answered);
  EXPECT_EQ(world().heard.answers, answers + 1);
}

TEST_P(QueueContract, AnAnswerMayAskForMore) {
  int accepted = 0;
  std::function<void(const Result<void>&)> again = [&](const Result<void>&) {
    if (++accepted < 10) queue().accept(world().call(kF), again);
    queue().claim(kF, 1);
  };
  queue().accept(world().call(kF), again);
  world().settle();
  EXPECT_EQ(accepted, 10);
  EXPECT_EQ(queue().counts().claimed, 10U);
}

TEST_P(QueueContract, FindSaysWhereAnUnsettledCallStands) {
  EXPECT_FALSE(world().find(CallId::from_random(1, 1)));
  const CallId id = world().accepted(kF);
  EXPECT_EQ(world().find(id)->state, CallState::kEnqueued);
  EXPECT_EQ(world().find(id)->function, kF);
  const auto claimed = world().claim(kF);
  EXPECT_EQ(world().find(id)->state, CallState::kDequeued);
  ASSERT_EQ(world().postponed(claimed.at(0).receipt, in(Seconds{9}), Spends::kAge),
            SettleResult::kDone);
  EXPECT_EQ(world().find(id)->state, CallState::kRetrying);
  EXPECT_EQ(world().find(id)->due, in(Seconds{9}));
  EXPECT_EQ(world().find(id)->retries, 1U);
  world().advance(Seconds{9});
  const auto again = world().claim(kF);
  EXPECT_EQ(again.at(0).function_errors, 0U) << "throttling spends age, not attempts";
}

std::unique_ptr<StoreHarness> make_journal(const Limits& limits) {
  journal::Options options = JournalWorld::small();
  options.depth_max = limits.depth_max;
  options.depth_per_function_max = limits.depth_per_function_max;
  return std::make_unique<JournalWorld>(options);
}

// Nothing that waits is in memory, but the one call that must be.
std::unique_ptr<StoreHarness> make_spilling_journal(const Limits& limits) {
  journal::Options options = JournalWorld::small();
  options.depth_max = limits.depth_max;
  options.depth_per_function_max = limits.depth_per_function_max;
  options.ready_in_memory_max = 1;
  options.delayed_in_memory_max = 0;
  options.calls_in_memory_max = 0;
  options.scratch_block_bytes = journal::kBlockBytesMin;
  return std::make_unique<JournalWorld>(options);
}

std::unique_ptr<StoreHarness> make_model(const Limits& limits) {
  return std::make_unique<ModelWorld>(limits);
}

std::unique_ptr<StoreHarness> make_redis(const Limits& limits) {
  return std::make_unique<RedisWorld>(limits);
}

std::unique_ptr<StoreHarness> make_redis_cluster(const Limits& limits) {
  return std::make_unique<RedisClusterWorld>(limits);
}

std::unique_ptr<StoreHarness> make_redis_stand_in(const Limits& limits) {
  return std::make_unique<RedisStandInWorld>(limits);
}

INSTANTIATE_TEST_SUITE_P(Stores, QueueContract,
                         ::testing::Values(Store{"Journal", make_journal},
                                           Store{"SpillingJournal", make_spilling_journal},
                                           Store{"Model", make_model}, Store{"Redis", make_redis},
                                           Store{"RedisCluster", make_redis_cluster},
                                           Store{"RedisStandIn", make_redis_stand_in}),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
}  // namespace convoke::fake
