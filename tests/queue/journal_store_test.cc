// What is the embedded store's own: segments, room, several journals, events left on disk.
#include <gtest/gtest.h>

#include <set>

#include "tests/queue/journal_world.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};
constexpr FunctionId kG{2};
const std::string kDirectory = JournalWorld::directory(0);

std::size_t segments(JournalWorld& world, std::uint32_t journal = 0) {
  return world.disk.files(JournalWorld::directory(journal)).size();
}

void run_one(JournalWorld& world, FunctionId function) {
  const auto claimed = world.claim(function);
  ASSERT_EQ(claimed.size(), 1U);
  ASSERT_EQ(world.settled(claimed[0].receipt), SettleResult::kDone);
}

TEST(JournalStore, WhatArrivesDuringASyncGoesTogetherWithTheNext) {
  JournalWorld world;
  world.accepted(kF);
  const std::uint64_t before = world.disk.syncs();
  int accepted = 0;
  const auto count = [&accepted](const Result<void>& result) { accepted += result.ok() ? 1 : 0; };
  world.queue().accept(world.call(kF), count);
  world.end_turn();
  for (int i = 0; i < 10; ++i) {
    world.queue().accept(world.call(kF), count);
    world.end_turn();
  }
  EXPECT_EQ(world.disk.syncs(), before + 1);
  world.settle();
  EXPECT_EQ(accepted, 11);
  EXPECT_EQ(world.disk.syncs(), before + 2);
}

TEST(JournalStore, ATurnWithoutWritesSyncsNothing) {
  JournalWorld world;
  world.accepted(kF);
  const auto claimed = world.claim(kF);
  const std::uint64_t before = world.disk.syncs();
  world.queue().give_back(claimed.at(0).receipt);
  world.claim(kF);
  world.advance(Seconds{5});
  EXPECT_EQ(world.disk.syncs(), before) << "a claim writes nothing";
}

TEST(JournalStore, SegmentsAreReusedAndTheirOldBytesNeverComeBack) {
  JournalWorld world;
  std::set<CallId> settled;
  for (int i = 0; i < 400; ++i) {
    settled.insert(world.accepted(kF, std::string(300, 'x')));
    run_one(world, kF);
    if (i % 50 == 49) {
      world.crash();
      EXPECT_EQ(world.queue().counts().accepted, 0U);
    }
  }
  EXPECT_LE(segments(world), 5U) << "200 KiB went through files of 4 KiB";
  for (const CallId& id : settled) EXPECT_FALSE(world.queue().find(id));
}

TEST(JournalStore, AStragglerIsCopiedForwardWithItsCountersAndFreesTheRest) {
  JournalWorld world;
  const WallTime accepted = world.clock.wall();
  NewCall straggler = world.call(kF, "straggler");
  straggler.name = "slow";
  straggler.qualifier = "LATEST";
  ASSERT_TRUE(world.accept(straggler).ok());
  const WallTime due = world.clock.wall() + Seconds{3600};
  ASSERT_EQ(world.postponed(world.claim(kF).at(0).receipt, due), SettleResult::kDone);
  for (int i = 0; i < 300; ++i) {
    world.accepted(kG, std::string(300, 'x'));
    run_one(world, kG);
  }
  EXPECT_LE(segments(world), 8U);
  world.crash();
  EXPECT_TRUE(world.claim(kF).empty());
  world.advance(Seconds{3600});
  const auto claimed = world.claim(kF);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].event, "straggler");
  EXPECT_EQ(claimed[0].name, "slow");
  EXPECT_EQ(claimed[0].qualifier, "LATEST");
  EXPECT_EQ(claimed[0].accepted, accepted);
  EXPECT_EQ(claimed[0].due, accepted) << "its age goes on from there";
  EXPECT_EQ(claimed[0].function_errors, 1U);
  EXPECT_EQ(claimed[0].retries, 1U);
}

TEST(JournalStore, AClaimedStragglerIsCopiedForwardToo) {
  JournalWorld world;
  world.accepted(kF, "runs for a day");
  const auto running = world.claim(kF);
  for (int i = 0; i < 300; ++i) {
    world.accepted(kG, std::string(300, 'x'));
    run_one(world, kG);
  }
  EXPECT_LE(segments(world), 8U);
  EXPECT_EQ(world.settled(running.at(0).receipt), SettleResult::kDone);
  world.crash();
  EXPECT_EQ(world.queue().counts().accepted, 0U);
}

TEST(JournalStore, StragglersKeepTheirOrder) {
  JournalWorld world;
  for (int i = 0; i < 5; ++i) world.accepted(kF, std::to_string(i));
  for (int i = 0; i < 300; ++i) {
    world.accepted(kG, std::string(300, 'x'));
    run_one(world, kG);
    if (i == 150) world.accepted(kF, "5");
  }
  world.crash();
  std::string order;
  for (const ClaimedCall& call : world.claim(kF, 9)) order += call.event;
  EXPECT_EQ(order, "012345");
}

TEST(JournalStore, AFailedSyncIsAnAlarmAndTheJournalWritesNothingMore) {
  JournalWorld world;
  world.accepted(kF);
  ASSERT_TRUE(world.alarms.empty());
  world.fail_writes();
  EXPECT_FALSE(world.accept(world.call(kF)).ok());
  ASSERT_EQ(world.alarms.size(), 1U);
  EXPECT_NE(world.alarms[0].find("until the engine is restarted"), std::string::npos);
  const std::uint64_t before = world.disk.syncs();
  EXPECT_FALSE(world.accept(world.call(kF)).ok());
  world.advance(Seconds{60});
  EXPECT_EQ(world.disk.syncs(), before);
}

TEST(JournalStore, AFullDiskRefusesNewCallsSettlesOldOnesAndComesBackByItself) {
  JournalWorld world;
  std::set<CallId> accepted;
  world.accepted(kF);
  world.disk.set_capacity(world.disk.used());
  Result<void> last;
  int count = 1;
  while (last.ok() && count < 1000) {
    last = world.accept(world.call(kF, std::string(200, 'x')));
    count += last.ok() ? 1 : 0;
  }
  ASSERT_FALSE(last.ok());
  EXPECT_EQ(last.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_NE(last.error().message.find("disk full"), std::string::npos);
  EXPECT_TRUE(last.error().retry_after);
  EXPECT_FALSE(world.queue().health().ok());
  EXPECT_EQ(world.alarms.size(), 1U) << "said once, not every second";
  world.crash();
  EXPECT_EQ(world.queue().counts().accepted, static_cast<std::uint64_t>(count));
  for (int i = 0; i < count; ++i) {
    const auto claimed = world.claim(kF);
    ASSERT_EQ(claimed.size(), 1U);
    if (i % 3 == 0) {
      ASSERT_EQ(world.postponed(claimed[0].receipt, world.clock.wall()), SettleResult::kDone);
      --i;
      if (world.queue().counts().settled + 1 == static_cast<std::uint64_t>(count)) break;
      const auto next = world.claim(kF);
      ASSERT_EQ(world.settled(next.at(0).receipt), SettleResult::kDone);
      ++i;
      continue;
    }
    ASSERT_EQ(world.settled(claimed[0].receipt), SettleResult::kDone);
  }
  world.disk.set_capacity(~std::uint64_t{0});
  world.advance(Seconds{2});
  EXPECT_TRUE(world.queue().health().ok());
  EXPECT_TRUE(world.accept(world.call(kF)).ok());
}

TEST(JournalStore, AFullDiskTakesCallsAgainOnceOthersHaveEndedThoughNoFileCanBeMade) {
  JournalWorld world;
  world.accepted(kF);
  world.disk.set_capacity(world.disk.used());
  while (world.accept(world.call(kF, std::string(200, 'x'))).ok()) {
  }
  EXPECT_FALSE(world.queue().health().ok());
  for (auto claimed = world.claim(kF, 10); !claimed.empty(); claimed = world.claim(kF, 10)) {
    for (const ClaimedCall& call : claimed) {
      ASSERT_EQ(world.settled(call.receipt), SettleResult::kDone);
    }
  }
  world.advance(Seconds{2});
  EXPECT_TRUE(world.queue().health().ok());
  EXPECT_TRUE(world.accept(world.call(kF)).ok());
}

TEST(JournalStore, AFullDiskSeesAnyNumberOfStartsAndStillSettlesEverything) {
  JournalWorld world;
  world.accepted(kF);
  world.disk.set_capacity(world.disk.used());
  while (world.accept(world.call(kF, std::string(100, 'x'))).ok()) {
  }
  for (int i = 0; i < 100; ++i) world.crash();
  const std::uint64_t unsettled = world.queue().counts().accepted;
  for (std::uint64_t i = 0; i < unsettled; ++i) run_one(world, kF);
  EXPECT_EQ(world.queue().counts().settled, unsettled);
}

TEST(JournalStore, WhatWaitsForASegmentIsAcceptedWhenItIsThereInOrder) {
  JournalWorld world;
  std::vector<int> order;
  for (int i = 0; i < 60; ++i) {
    world.queue().accept(world.call(kF, std::string(300, 'x')),
                         [&order, i](const Result<void>& result) {
                           EXPECT_TRUE(result.ok());
                           order.push_back(i);
                         });
  }
  world.settle();
  ASSERT_EQ(order.size(), 60U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

// What a settle was answered, or nothing yet.
std::shared_ptr<std::optional<SettleResult>> settle(JournalWorld& world, const Receipt& receipt,
                                                    Ending ending = Settlement::kSucceeded) {
  auto answer = std::make_shared<std::optional<SettleResult>>();
  world.queue().settle(receipt, std::move(ending), [answer](SettleResult r) { *answer = r; });
  return answer;
}

constexpr Millis kEndsWait{2};

journal::Options patient() {
  journal::Options options = JournalWorld::small();
  options.ends_wait_max = kEndsWait;
  return options;
}

TEST(JournalStore, AnEndThatNobodyIsToldOfSharesTheSyncOfTheNextAccept) {
  JournalWorld world(patient());
  world.accepted(kF);
  const auto claimed = world.claim(kF);
  const std::uint64_t syncs = world.disk.syncs();
  const auto ended = settle(world, claimed.at(0).receipt);
  world.settle();
  EXPECT_FALSE(ended->has_value());
  EXPECT_FALSE(world.store().at_rest());
  world.accepted(kF);
  EXPECT_EQ(*ended, SettleResult::kDone);
  EXPECT_EQ(world.disk.syncs(), syncs + 1);
}

TEST(JournalStore, AnEndThatNothingJoinsIsSyncedByItselfSoon) {
  JournalWorld world(patient());
  world.accepted(kF);
  const auto claimed = world.claim(kF);
  const auto ended = settle(world, claimed.at(0).receipt);
  world.settle();
  world.advance(kEndsWait - Millis{1});
  EXPECT_FALSE(ended->has_value());
  world.advance(Millis{1});
  EXPECT_EQ(*ended, SettleResult::kDone);
  world.crash();
  EXPECT_TRUE(world.claim(kF).empty());
}

TEST(JournalStore, ARetryIsSyncedAtOnce) {
  JournalWorld world(patient());
  world.accepted(kF);
  const auto claimed = world.claim(kF);
  EXPECT_EQ(world.postponed(claimed.at(0).receipt, world.clock.wall()), SettleResult::kDone);
}

TEST(JournalStore, EventsBeyondTheBudgetAreReadAgainWhenTheyAreClaimed) {
  journal::Options options = JournalWorld::small();
  options.event_bytes_in_memory_max = 500;
  JournalWorld world(options);
  for (int i = 0; i < 20; ++i) {
    world.accepted(kF, std::string(100, static_cast<char>('a' + i)));
  }
  const auto claimed = world.claim(kF, 20);
  ASSERT_EQ(claimed.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(claimed[i].event, std::string(100, static_cast<char>('a' + i)));
  }
  for (const ClaimedCall& call : claimed) world.queue().give_back(call.receipt);
  EXPECT_EQ(world.claim(kF, 20).size(), 20U) << "after giving back they are read again";
}

TEST(JournalStore, AnEventThatCannotBeReadIsAnAlarmAndIsTriedAgain) {
  journal::Options options = JournalWorld::small();
  options.event_bytes_in_memory_max = 0;
  JournalWorld world(options);
  world.accepted(kF, "kept on disk");
  world.disk.fail_reads(true);
  EXPECT_TRUE(world.claim(kF).empty());
  EXPECT_EQ(world.alarms.size(), 1U);
  EXPECT_TRUE(conserved(world.queue().counts()));
  world.disk.fail_reads(false);
  world.advance(Seconds{1});
  const auto claimed = world.claim(kF);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].event, "kept on disk");
}

TEST(JournalStore, ADamagedEventIsNeverHandedOut) {
  journal::Options options = JournalWorld::small();
  options.event_bytes_in_memory_max = 0;
  JournalWorld world(options);
  world.accepted(kF, "a very particular event");
  for (auto& [name, file] : world.disk.files(kDirectory)) {
    const std::size_t at = file->durable.find("particular");
    if (at != std::string::npos) file->durable[at] = 'P';
  }
  EXPECT_TRUE(world.claim(kF).empty());
  EXPECT_EQ(world.alarms.size(), 1U);
}

TEST(JournalStore, SeveralJournalsAreMergedByAcceptTimeAndSettledWhereTheyCameFrom) {
  JournalWorld world(JournalWorld::small(), {0});
  world.accepted(kF, "0");
  world.advance(Millis{20});
  world.accepted(kF, "1");
  world.stop(Unsynced::kLost);
  world.use_journals({1, 0});
  ASSERT_TRUE(world.start().ok());
  world.advance(Millis{20});
  world.accepted(kF, "2");
  EXPECT_TRUE(world.store().drained_journals().empty());
  world.stop(Unsynced::kLost);
  world.use_journals({0, 1});
  ASSERT_TRUE(world.start().ok());
  world.advance(Millis{20});
  world.accepted(kF, "3");
  std::string order;
  const auto claimed = world.claim(kF, 9);
  for (const ClaimedCall& call : claimed) order += call.event;
  EXPECT_EQ(order, "0123");
  ASSERT_EQ(world.settled(claimed.at(2).receipt), SettleResult::kDone);
  EXPECT_EQ(world.store().drained_journals(), std::vector<std::uint32_t>{1});
  world.stop(Unsynced::kLost);
  world.use_journals({0});
  ASSERT_TRUE(world.start().ok());
  EXPECT_EQ(world.queue().counts().accepted, 3U) << "journal 1 was not needed any more";
}

TEST(JournalStore, ANewSegmentSizeReadsOldSegmentsAndReusesNone) {
  JournalWorld world;
  for (int i = 0; i < 30; ++i) world.accepted(kF, std::string(300, 'x'));
  world.stop(Unsynced::kLost);
  journal::Options larger = JournalWorld::small();
  larger.segment_bytes = 16384;
  world.use(larger);
  ASSERT_TRUE(world.start().ok());
  EXPECT_EQ(world.queue().counts().accepted, 30U);
  for (int i = 0; i < 30; ++i) run_one(world, kF);
  for (int i = 0; i < 200; ++i) {
    world.accepted(kG, std::string(300, 'y'));
    run_one(world, kG);
  }
  for (const auto& [name, file] : world.disk.files(kDirectory)) {
    EXPECT_EQ(file->durable.size(), 16384U) << name;
  }
}

TEST(JournalStore, NothingIsHeardOnceTheStoreIsGone) {
  auto world = std::make_unique<JournalWorld>();
  world->accepted(kF);
  world->queue().claim(kF, 1);
  world->queue().accept(world->call(kF), [](const Result<void>&) { ADD_FAILURE(); });
  world->end_turn();
  world->stop(Unsynced::kKept);
  world->disk.settle();
  EXPECT_EQ(world->heard.answers, 0);
}

TEST(JournalStore, ManyCallsThatFallDueAtOnceAllJoin) {
  journal::Options options = JournalWorld::small();
  options.segment_bytes = 1UL << 20;
  JournalWorld world(options);
  const WallTime due = world.clock.wall() + Seconds{10};
  for (int i = 0; i < 2500; ++i) {
    NewCall call = world.call(kF, "");
    call.due = due;
    world.queue().accept(std::move(call), [](const Result<void>&) {});
  }
  world.settle();
  EXPECT_EQ(world.queue().counts().delayed, 2500U);
  world.advance(Seconds{10});
  EXPECT_EQ(world.queue().counts().ready, 2500U);
}

}  // namespace
}  // namespace convoke::fake
