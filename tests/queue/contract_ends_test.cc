// The queue contract: Q4, many ends at once, Q9, calls that are stopped, and Q10, what follows an
// end.
#include "tests/queue/contract.h"

namespace convoke::fake {
namespace {

// ---- Q4: many ends at once ----

TEST_P(QueueContract, Q4_HoweverManyEndInOneTurnAllAreGoneAndTheirNamesFree) {
  constexpr std::size_t kCalls = 2500;
  const auto named = [this](std::size_t i) {
    NewCall call = world().call(kF);
    if (i % 2 == 0) call.name = "@" + std::to_string(i);  // no history keeps it in use
    return call;
  };
  for (std::size_t i = 0; i < kCalls; ++i) {
    queue().accept(named(i), [](const Result<void>& accepted) { EXPECT_TRUE(accepted.ok()); });
  }
  world().settle();
  std::size_t done = 0;
  for (const ClaimedCall& call : world().claim(kF, kCalls)) {
    queue().settle(call.receipt, Settlement::kSucceeded,
                   [&done](SettleResult result) { done += result == SettleResult::kDone ? 1 : 0; });
  }
  world().settle();
  EXPECT_EQ(done, kCalls);
  EXPECT_EQ(queue().counts(kF).settled, kCalls);
  EXPECT_TRUE(conserved(queue().counts(kF)));
  for (const std::size_t i : {0UL, 1998UL, 2498UL}) EXPECT_TRUE(world().accept(named(i)).ok());
  world().crash();
  EXPECT_EQ(world().claim(kF, kCalls).size(), 3U);
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

}  // namespace
}  // namespace convoke::fake
