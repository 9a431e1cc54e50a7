// The queue contract, promise by promise (queue/queue.h). Every store runs the same suite.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/queue/harness.h"
#include "tests/queue/journal_world.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};
constexpr FunctionId kG{2};

struct Store {
  std::string name;
  std::function<std::unique_ptr<StoreHarness>(const Limits&)> make;
};

class QueueContract : public ::testing::TestWithParam<Store> {
 protected:
  void make(const Limits& limits) { world_ = GetParam().make(limits); }
  StoreHarness& world() {
    if (world_ == nullptr) make(Limits{});
    return *world_;
  }
  Queue& queue() { return world().queue(); }
  WallTime in(Millis from_now) { return world().clock.wall() + from_now; }

 private:
  std::unique_ptr<StoreHarness> world_;
};

std::vector<std::string> events(const std::vector<ClaimedCall>& calls) {
  std::vector<std::string> all;
  for (const ClaimedCall& call : calls) all.push_back(call.event);
  return all;
}

using Events = std::vector<std::string>;

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
  ASSERT_TRUE(queue().find(call.id));
  EXPECT_EQ(events(world().claim(kF)), Events{"event"});
}

TEST_P(QueueContract, Q1_ACallThatWasNotAcknowledgedMayBeLostButNeverHalf) {
  for (int round = 0; round < 50; ++round) {
    const NewCall call = world().call(kF, std::string(900, 'x'));
    queue().accept(call, [](const Result<void>&) { ADD_FAILURE() << "the engine is gone"; });
    world().end_turn();
    world().crash();
    const auto claimed = world().claim(kF);
    ASSERT_EQ(claimed.size(), queue().find(call.id) ? 1U : 0U);
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
  EXPECT_EQ(queue().find(id)->retries, 0U);
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
    EXPECT_FALSE(queue().find(id));
    EXPECT_TRUE(world().claim(kF).empty());
    world().crash();
    EXPECT_FALSE(queue().find(id));
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

TEST_P(QueueContract, Q5_CallsOfAFunctionComeInTheOrderTheyWereAccepted) {
  for (int i = 0; i < 20; ++i) world().accepted(kF, std::to_string(i));
  EXPECT_EQ(events(world().claim(kF, 3)), (Events{"0", "1", "2"}));
  EXPECT_EQ(events(world().claim(kF, 2)), (Events{"3", "4"}));
  world().crash();
  const auto all = events(world().claim(kF, 100));
  ASSERT_EQ(all.size(), 20U);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_P(QueueContract, Q5_CallsAcceptedInOneTurnKeepTheirOrder) {
  for (int i = 0; i < 5; ++i) {
    queue().accept(world().call(kF, std::to_string(i)), [](const Result<void>&) {});
  }
  world().settle();
  EXPECT_EQ(events(world().claim(kF, 9)), (Events{"0", "1", "2", "3", "4"}));
}

TEST_P(QueueContract, Q5_WhatIsGivenBackReturnsToItsPlace) {
  for (int i = 0; i < 6; ++i) world().accepted(kF, std::to_string(i));
  const auto claimed = world().claim(kF, 4);
  for (const std::size_t back : {2U, 0U, 3U}) queue().give_back(claimed.at(back).receipt);
  EXPECT_EQ(events(world().claim(kF, 9)), (Events{"0", "2", "3", "4", "5"}));
}

TEST_P(QueueContract, Q5_ADelayedCallJoinsWhenItFallsDue) {
  NewCall delayed = world().call(kF, "delayed");
  delayed.due = in(Millis{50});
  ASSERT_TRUE(world().accept(delayed).ok());
  world().accepted(kF, "before");
  world().advance(Millis{49});
  EXPECT_EQ(queue().counts(kF).delayed, 1U);
  EXPECT_EQ(queue().counts(kF).ready, 1U);
  world().advance(Millis{1});
  EXPECT_EQ(queue().counts(kF).delayed, 0U);
  world().accepted(kF, "after");
  EXPECT_EQ(events(world().claim(kF, 9)), (Events{"before", "delayed", "after"}));
}

TEST_P(QueueContract, Q5_APostponedCallJoinsBehindThoseThatWereReadyBefore) {
  world().accepted(kF, "first");
  world().accepted(kF, "second");
  const auto first = world().claim(kF);
  ASSERT_EQ(world().postponed(first.at(0).receipt, in(Millis{10})), SettleResult::kDone);
  EXPECT_EQ(queue().find(first[0].receipt.id)->state, CallState::kRetrying);
  world().advance(Millis{10});
  EXPECT_EQ(events(world().claim(kF, 9)), (Events{"second", "first"}));
}

TEST_P(QueueContract, Q5_OneFunctionsBacklogHoldsUpNoOther) {
  for (int i = 0; i < 50; ++i) world().accepted(kF);
  world().accepted(kG, "other");
  EXPECT_EQ(events(world().claim(kG, 9)), Events{"other"});
}

TEST_P(QueueContract, Q5_TheOldestReadyCallIsNamedByItsAcceptTime) {
  EXPECT_FALSE(queue().oldest_ready(kF));
  const WallTime first = world().clock.wall();
  world().accepted(kF);
  world().advance(Millis{5});
  world().accepted(kF);
  EXPECT_EQ(queue().oldest_ready(kF), first);
  world().claim(kF);
  EXPECT_EQ(queue().oldest_ready(kF), first + Millis{5});
}

TEST_P(QueueContract, Q5_AStepBackOfTheWallClockRunsNothingTwice) {
  NewCall delayed = world().call(kF, "delayed");
  delayed.due = in(Millis{100});
  ASSERT_TRUE(world().accept(delayed).ok());
  world().advance(Millis{100});
  const auto claimed = world().claim(kF);
  ASSERT_EQ(claimed.size(), 1U);
  world().clock.step_wall(-Seconds{3600});
  world().advance(Seconds{10});
  EXPECT_TRUE(world().claim(kF).empty());
  EXPECT_EQ(world().settled(claimed[0].receipt), SettleResult::kDone);
  world().advance(Seconds{7200});
  EXPECT_TRUE(world().claim(kF).empty());
}

TEST_P(QueueContract, Q5_OrderHoldsAcrossAStepBackOfTheWallClock) {
  world().accepted(kF, "0");
  world().clock.step_wall(-Seconds{3600});
  world().accepted(kF, "1");
  EXPECT_EQ(queue().counts(kF).ready, 2U) << "what is due on acceptance is ready at once";
  world().crash();
  EXPECT_EQ(events(world().claim(kF, 9)), (Events{"0", "1"}));
}

TEST_P(QueueContract, Q5_AStepForwardOfTheWallClockIsNoticedWithinASecond) {
  NewCall delayed = world().call(kF);
  delayed.due = in(Seconds{3600});
  ASSERT_TRUE(world().accept(delayed).ok());
  world().advance(Millis{10});
  world().clock.step_wall(Seconds{3600});
  world().advance(Seconds{1});
  EXPECT_EQ(world().claim(kF).size(), 1U);
}

TEST_P(QueueContract, Q5_ANameIsInUseUntilItsCallIsSettled) {
  NewCall named = world().call(kF);
  named.name = "job";
  queue().accept(named, [](const Result<void>& result) { EXPECT_TRUE(result.ok()); });
  NewCall same = world().call(kF);
  same.name = "job";
  const auto refused = world().accept(same);
  ASSERT_FALSE(refused.ok()) << "also while the first is still being accepted";
  EXPECT_EQ(refused.error().code, ErrorCode::kCallAlreadyExists);
  NewCall elsewhere = world().call(kG);
  elsewhere.name = "job";
  EXPECT_TRUE(world().accept(elsewhere).ok()) << "names are per function";
  world().crash();
  EXPECT_FALSE(world().accept(same).ok()) << "still in use after a crash";
  ASSERT_EQ(world().settled(world().claim(kF).at(0).receipt), SettleResult::kDone);
  EXPECT_TRUE(world().accept(same).ok());
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
  EXPECT_TRUE(queue().find(kept));
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
  EXPECT_FALSE(queue().find(CallId::from_random(1, 1)));
  const CallId id = world().accepted(kF);
  EXPECT_EQ(queue().find(id)->state, CallState::kEnqueued);
  EXPECT_EQ(queue().find(id)->function, kF);
  const auto claimed = world().claim(kF);
  EXPECT_EQ(queue().find(id)->state, CallState::kDequeued);
  ASSERT_EQ(world().postponed(claimed.at(0).receipt, in(Seconds{9}), Spends::kAge),
            SettleResult::kDone);
  EXPECT_EQ(queue().find(id)->state, CallState::kRetrying);
  EXPECT_EQ(queue().find(id)->due, in(Seconds{9}));
  EXPECT_EQ(queue().find(id)->retries, 1U);
  world().advance(Seconds{9});
  const auto again = world().claim(kF);
  EXPECT_EQ(again.at(0).function_errors, 0U) << "throttling spends age, not attempts";
}

// ---- Q9: stopped ----

TEST_P(QueueContract, Q9_ACallThatWaitsIsStoppedForGood) {
  const CallId ready = world().accepted(kF);
  NewCall later = world().call(kF);
  later.due = in(Seconds{5});
  ASSERT_TRUE(world().accept(later).ok());
  const CallId other = world().accepted(kF, "other");
  EXPECT_EQ(world().stopped(ready), StopResult::kStopped);
  EXPECT_EQ(world().stopped(later.id), StopResult::kStopped);
  EXPECT_EQ(world().stopped(ready), StopResult::kUnknown) << "it has ended";
  EXPECT_TRUE(conserved(queue().counts(kF)));
  EXPECT_EQ(queue().counts(kF).settled, 2U);
  world().crash();
  world().advance(Seconds{10});
  const auto claimed = world().claim(kF, 9);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].receipt.id, other);
}

TEST_P(QueueContract, Q9_BetweenTwoAttemptsToo) {
  const CallId id = world().accepted(kF);
  ASSERT_EQ(world().postponed(world().claim(kF).at(0).receipt, in(Seconds{9})),
            SettleResult::kDone);
  EXPECT_EQ(world().stopped(id), StopResult::kStopped);
  world().advance(Seconds{20});
  EXPECT_TRUE(world().claim(kF).empty());
  EXPECT_TRUE(conserved(queue().counts()));
}

TEST_P(QueueContract, Q9_WhatIsUnderWayIsForItsHolderToEnd) {
  const CallId id = world().accepted(kF);
  const Receipt receipt = world().claim(kF).at(0).receipt;
  EXPECT_EQ(world().stopped(id), StopResult::kUnderWay);
  EXPECT_EQ(world().settled(receipt, Settlement::kStopped), SettleResult::kDone);
  EXPECT_EQ(world().stopped(id), StopResult::kUnknown);
}

// ---- Q10: followed ----

Ending followed_by(NewCall successor) {
  Ending ending = Settlement::kSucceeded;
  ending.successor = std::move(successor);
  return ending;
}

TEST_P(QueueContract, Q10_ASettleAndItsSuccessorComeTogether) {
  world().accepted(kF);
  const Receipt receipt = world().claim(kF).at(0).receipt;
  EXPECT_EQ(world().settled(receipt, followed_by(world().call(kG, "record"))), SettleResult::kDone);
  world().crash();
  EXPECT_TRUE(world().claim(kF).empty());
  EXPECT_EQ(events(world().claim(kG)), Events{"record"});
}

TEST_P(QueueContract, Q10_NoCrashLeavesTheEndWithoutTheSuccessor) {
  for (int turns = 0; turns < 12; ++turns) {
    make(Limits{});
    world().accepted(kF);
    const Receipt receipt = world().claim(kF).at(0).receipt;
    queue().settle(receipt, followed_by(world().call(kG)), [](SettleResult) {});
    for (int i = 0; i < turns; ++i) world().step();
    world().crash();
    const std::uint64_t unfinished = queue().counts(kF).ready;
    const std::uint64_t successors = queue().counts(kG).ready;
    EXPECT_GE(unfinished + successors, 1U) << "after " << turns << " steps";
  }
}

TEST_P(QueueContract, Q10_ASuccessorWhoseNameIsInUseIsThereAlready) {
  NewCall before = world().call(kG, "first");
  before.name = "@1";
  ASSERT_TRUE(world().accept(before).ok());
  world().accepted(kF);
  NewCall again = world().call(kG, "second");
  again.name = "@1";
  EXPECT_EQ(world().settled(world().claim(kF).at(0).receipt, followed_by(again)),
            SettleResult::kDone);
  EXPECT_EQ(events(world().claim(kG, 9)), Events{"first"});
}

TEST_P(QueueContract, Q10_DepthLimitsDoNotHoldUpAnEnd) {
  make(Limits{1, 1});
  world().accepted(kF);
  const Receipt receipt = world().claim(kF).at(0).receipt;
  EXPECT_EQ(world().settled(receipt, followed_by(world().call(kF))), SettleResult::kDone);
  EXPECT_EQ(queue().counts(kF).ready, 1U);
}

std::unique_ptr<StoreHarness> make_journal(const Limits& limits) {
  journal::Options options = JournalWorld::small();
  options.depth_max = limits.depth_max;
  options.depth_per_function_max = limits.depth_per_function_max;
  return std::make_unique<JournalWorld>(options);
}

INSTANTIATE_TEST_SUITE_P(Stores, QueueContract, ::testing::Values(Store{"Journal", make_journal}),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
}  // namespace convoke::fake
