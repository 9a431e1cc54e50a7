// The queue contract: Q5, the order in which calls come, and what holds up what.
#include "tests/queue/contract.h"

namespace convoke::fake {
namespace {

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

TEST_P(QueueContract, Q5_ACallThatIsReadyHasAPlaceAmongItsFunctions) {
  std::vector<CallId> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(world().accepted(kF, std::to_string(i)));
  world().accepted(kG);
  NewCall delayed = world().call(kF);
  delayed.due = in(Seconds{100});
  ASSERT_TRUE(world().accept(delayed).ok());
  const auto ahead = [&](const CallId& id) { return world().find(id)->ahead; };
  EXPECT_EQ(ahead(ids[0]), 0U);
  EXPECT_EQ(ahead(ids[5]), 5U);
  EXPECT_EQ(ahead(delayed.id), std::nullopt) << "it is not in the queue yet";
  const auto claimed = world().claim(kF, 2);
  EXPECT_EQ(ahead(ids[0]), std::nullopt) << "not any more";
  EXPECT_EQ(ahead(ids[2]), 0U);
  EXPECT_EQ(ahead(ids[5]), 3U);
  queue().give_back(claimed.at(1).receipt);
  EXPECT_EQ(ahead(ids[2]), 1U) << "behind the one that is back in its place";
  ASSERT_EQ(world().stopped(ids[3]), StopResult::kStopped);
  EXPECT_EQ(ahead(ids[5]), 3U);
}

TEST_P(QueueContract, Q5_WhatADeadEngineLeftHasItsPlaceBeforeTheOthers) {
  std::vector<CallId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(world().accepted(kF, std::to_string(i)));
  static_cast<void>(world().claim(kF, 2));
  world().crash();
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(world().find(ids[i])->ahead, i);
}

TEST_P(QueueContract, Q5_APlaceIsCountedAcrossALongBacklog) {
  std::vector<CallId> ids;
  for (int i = 0; i < 1200; ++i) ids.push_back(world().accepted(kF));
  EXPECT_EQ(world().find(ids[1100])->ahead, 1100U);
  static_cast<void>(world().claim(kF, 30));
  EXPECT_EQ(world().find(ids[1100])->ahead, 1070U);
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
  EXPECT_EQ(world().find(first[0].receipt.id)->state, CallState::kRetrying);
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
  named.name = "@job";  // no history keeps it in use for longer
  queue().accept(named, [](const Result<void>& result) { EXPECT_TRUE(result.ok()); });
  NewCall same = world().call(kF);
  same.name = "@job";
  const auto refused = world().accept(same);
  ASSERT_FALSE(refused.ok()) << "also while the first is still being accepted";
  EXPECT_EQ(refused.error().code, ErrorCode::kCallAlreadyExists);
  NewCall elsewhere = world().call(kG);
  elsewhere.name = "@job";
  EXPECT_TRUE(world().accept(elsewhere).ok()) << "names are per function";
  world().crash();
  EXPECT_FALSE(world().accept(same).ok()) << "still in use after a crash";
  ASSERT_EQ(world().settled(world().claim(kF).at(0).receipt), SettleResult::kDone);
  EXPECT_TRUE(world().accept(same).ok());
}

}  // namespace
}  // namespace convoke::fake
