// Recovery, byte by byte: what a cut, a lost write or a flipped bit leaves of a small journal.
#include "queue/journal/recovery.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "queue/journal/incarnation.h"
#include "tests/queue/journal_world.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};
const std::string kDirectory = JournalWorld::directory(0);
const std::string kFirst = journal::segment_name(1);

// A small journal and, for each of its group commits, what was acknowledged with it.
struct History {
  struct Moment {
    std::size_t end = 0;  // bytes of the segment that were durable then
    std::set<CallId> unsettled;
  };
  std::string bytes;
  std::vector<Moment> moments;
};

// Where the last record ends: they end at every eighth byte, and none with eight zeros.
std::size_t end_of(const std::string& bytes) { return (bytes.find_last_not_of('\0') + 8) / 8 * 8; }

History make_history() {
  JournalWorld world;
  History history;
  std::set<CallId> unsettled;
  const auto note = [&] {
    history.bytes = world.disk.files(kDirectory).at(kFirst)->durable;
    history.moments.push_back({end_of(history.bytes), unsettled});
  };
  for (int i = 0; i < 6; ++i) {
    unsettled.insert(world.accepted(kF, "event number " + std::to_string(i)));
    note();
    if (i % 2 == 0) continue;
    const auto claimed = world.claim(kF, 2);
    EXPECT_EQ(world.postponed(claimed.at(0).receipt, world.clock.wall()), SettleResult::kDone);
    note();
    EXPECT_EQ(world.settled(claimed.at(1).receipt), SettleResult::kDone);
    unsettled.erase(claimed.at(1).receipt.id);
    note();
  }
  return history;
}

Result<journal::Recovered> recover(FakeLogDir& dir, std::uint32_t journal) {
  auto calls = std::make_unique<journal::Unfinished>(
      journal::ScratchSpace{[&dir] { return dir.scratch(); }}, 1000);
  return journal::recover(dir, journal, JournalWorld::small().segment_bytes, {}, std::move(calls));
}

Result<journal::Recovered> recover(const std::string& bytes) {
  FakeDisk disk;
  disk.files(kDirectory)[kFirst] = std::make_shared<FakeFile>();
  disk.files(kDirectory)[kFirst]->durable = bytes;
  FakeLogDir dir(disk, kDirectory);
  return recover(dir, 0);
}

std::set<CallId> ids(const journal::Recovered& recovered) {
  std::set<CallId> all;
  recovered.calls->settle(WallTime{});
  while (recovered.calls->peek() != nullptr) all.insert(recovered.calls->take().id);
  return all;
}

// The last moment whose bytes are all there.
std::set<CallId> expected_at(const History& history, std::size_t size) {
  std::set<CallId> unsettled;
  for (const auto& moment : history.moments) {
    if (moment.end <= size) unsettled = moment.unsettled;
  }
  return unsettled;
}

TEST(JournalRecovery, CutAtEveryByteItYieldsExactlyWhatWasAcknowledgedByThen) {
  const History history = make_history();
  for (std::size_t size = 0; size <= end_of(history.bytes); ++size) {
    std::string cut = history.bytes.substr(0, size);
    cut.resize(history.bytes.size(), '\0');
    const auto recovered = recover(cut);
    ASSERT_TRUE(recovered.ok()) << size << ": " << recovered.error().message;
    // Bytes that are zero anyway are not missed.
    std::size_t whole = size;
    while (whole < cut.size() && history.bytes[whole] == '\0') ++whole;
    EXPECT_EQ(ids(*recovered), expected_at(history, whole)) << "cut at " << size;
  }
}

TEST(JournalRecovery, AShortenedFileIsReadLikeATornOne) {
  const History history = make_history();
  for (std::size_t size = 0; size <= end_of(history.bytes); size += 5) {
    const auto recovered = recover(history.bytes.substr(0, size));
    ASSERT_TRUE(recovered.ok()) << size;
    EXPECT_EQ(ids(*recovered), expected_at(history, size)) << size;
  }
}

TEST(JournalRecovery, EveryFlippedBitIsRefusedOrCutsOnlyTheLastGroup) {
  const History history = make_history();
  const std::size_t last_group = history.moments.at(history.moments.size() - 2).end;
  const auto all = expected_at(history, history.bytes.size());
  const auto before_last = history.moments.at(history.moments.size() - 2).unsettled;
  for (std::size_t byte = 0; byte < end_of(history.bytes); ++byte) {
    std::string bad = history.bytes;
    bad[byte] = static_cast<char>(bad[byte] ^ (1 << (byte % 8)));
    const auto recovered = recover(bad);
    if (byte < journal::kFirstRecord) {
      ASSERT_TRUE(recovered.ok()) << "one copy of the header is enough";
      EXPECT_EQ(ids(*recovered), all);
    } else if (byte < last_group) {
      ASSERT_FALSE(recovered.ok()) << "acknowledged bytes have rotted at " << byte;
      EXPECT_NE(recovered.error().message.find(kFirst), std::string::npos);
    } else {
      ASSERT_TRUE(recovered.ok()) << recovered.error().message;
      EXPECT_EQ(ids(*recovered), before_last) << byte;
    }
  }
}

TEST(JournalRecovery, AMissingSegmentIsNamedNotSkipped) {
  JournalWorld world;
  for (int i = 0; i < 40; ++i) world.accepted(kF, std::string(400, 'x'));
  auto& files = world.disk.files(kDirectory);
  ASSERT_GT(files.size(), 4U);
  world.stop(Unsynced::kLost);
  files.erase(journal::segment_name(2));
  const auto started = world.start();
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("missing"), std::string::npos);
}

TEST(JournalRecovery, AnotherJournalsFilesAndNewerVersionsAreRefused) {
  const History history = make_history();
  FakeDisk disk;
  disk.files("d")[kFirst] = std::make_shared<FakeFile>();
  disk.files("d")[kFirst]->durable = history.bytes;
  FakeLogDir dir(disk, "d");
  const auto wrong = recover(dir, 5);
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("belongs to journal 0"), std::string::npos);
}

TEST(JournalRecovery, FilesThatAreNotSegmentsAreLeftAlone) {
  JournalWorld world;
  const CallId id = world.accepted(kF);
  for (const char* name : {"lock", "notes.segment", "1.segment", "00000001.segment.bak"}) {
    world.disk.files(kDirectory)[name] = std::make_shared<FakeFile>();
  }
  world.crash();
  EXPECT_TRUE(world.queue().find(id));
  EXPECT_EQ(world.disk.files(kDirectory).count("lock"), 1U);
}

TEST(JournalRecovery, EventsThatImitateRecordsDoNotMisleadIt) {
  const History history = make_history();
  journal::Options options = JournalWorld::small();
  options.secret = 42;  // which whoever made the event does not know
  JournalWorld world(options);
  const std::string imitation =
      history.bytes.substr(journal::kFirstRecord, end_of(history.bytes) - journal::kFirstRecord);
  world.accepted(kF, imitation);
  const std::string bytes = world.disk.files(kDirectory).at(kFirst)->durable;
  for (std::size_t size = journal::kFirstRecord; size < end_of(bytes); ++size) {
    std::string torn = bytes;
    torn[size] = static_cast<char>(torn[size] ^ 1);
    const auto recovered = recover(torn);
    ASSERT_TRUE(recovered.ok()) << recovered.error().message;
    EXPECT_TRUE((recovered->calls->settle(WallTime{}), recovered->calls->peek() == nullptr));
  }
}

TEST(JournalRecovery, EveryPartOfAnUnsyncedGroupMayBeLostAndNothingAcknowledgedIs) {
  for (std::uint64_t round = 0; round < 200; ++round) {
    JournalWorld world;
    world.rng = Rng::seeded(round);
    std::set<CallId> acknowledged;
    for (int i = 0; i < 3; ++i) acknowledged.insert(world.accepted(kF, std::string(100, 'a')));
    std::set<CallId> unsynced;
    for (int i = 0; i < 5; ++i) {
      NewCall call = world.call(kF, std::string(world.rng.below(300), 'b'));
      unsynced.insert(call.id);
      world.queue().accept(std::move(call), [](const Result<void>&) {});
    }
    world.end_turn();
    for (std::uint64_t other = 0; other <= round % 7; ++other) (void)world.rng.next();
    world.crash();
    bool lost_one = false;
    for (const CallId& id : acknowledged) EXPECT_TRUE(world.queue().find(id));
    for (const CallId& id : unsynced) lost_one = lost_one || !world.queue().find(id);
    const auto claimed = world.claim(kF, 10);
    EXPECT_EQ(claimed.size(), world.queue().counts().accepted);
  }
}

TEST(JournalRecovery, WhatOneStartDidNotFindNoLaterStartFinds) {
  // Equal events, and no padding, so that one torn record could be completed by the bytes of
  // another; and crashes at every distance from the start.
  JournalWorld world;
  world.start_unsettled();
  std::set<CallId> gone;
  for (int round = 0; round < 3000; ++round) {
    NewCall call = world.call(kF, std::string(704, 'x'));
    const CallId id = call.id;
    world.queue().accept(std::move(call), [](const Result<void>&) {});
    for (std::uint64_t turns = world.rng.below(3); turns > 0; --turns) {
      world.end_turn();
      world.turn();
    }
    world.end_turn();
    world.crash();
    for (const CallId& old : gone) ASSERT_FALSE(world.queue().find(old)) << "round " << round;
    if (!world.queue().find(id)) {
      gone.insert(id);
      continue;
    }
    ASSERT_EQ(world.settled(world.claim(kF).at(0).receipt), SettleResult::kDone);
  }
  EXPECT_GT(gone.size(), 50U);
}

TEST(JournalRecovery, WhatIsLeftBehindTheEndOfAnEarlierLifeIsNotTakenUpAgain) {
  journal::SegmentHeader header;
  header.sequence = header.first_live = header.incarnation = 1;
  std::string bytes = encode(header);
  const auto append = [&bytes](std::uint64_t id, std::uint32_t incarnation) {
    journal::AcceptedRecord record;
    record.id = CallId::from_random(id, id);
    std::string sealed = encode(record);
    seal(sealed, journal::Seal{0, 0, incarnation});
    bytes += sealed;
    return record.id;
  };
  const CallId first = append(1, 1);
  const CallId second = append(2, 2);  // over a torn one of the first life
  append(3, 1);                        // which this one, of the same group, followed
  bytes.resize(4096, '\0');
  const auto recovered = recover(bytes);
  ASSERT_TRUE(recovered.ok()) << recovered.error().message;
  EXPECT_EQ(ids(*recovered), (std::set<CallId>{first, second}));
}

TEST(Incarnation, CountsUpAndIsNeverGivenOutTwice) {
  FakeDisk disk;
  FakeLogDir dir(disk, "state");
  for (std::uint32_t expected = 1; expected <= 3; ++expected) {
    const auto next = journal::next_incarnation(dir);
    ASSERT_TRUE(next.ok());
    EXPECT_EQ(*next, expected);
  }
}

TEST(Incarnation, ADamagedOrUsedUpFileStopsTheStart) {
  for (const char* text : {"", "seven\n", "7", "7 \n", "-1\n", "4294967295\n", "4294967296\n"}) {
    FakeDisk disk;
    FakeLogDir dir(disk, "state");
    ASSERT_TRUE(dir.replace("incarnation", text).ok());
    EXPECT_FALSE(journal::next_incarnation(dir).ok()) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace convoke::fake
