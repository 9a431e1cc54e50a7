// Calls that wait outside of memory: in blocks, on shelves, and what the store makes of them.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>

#include "queue/journal/due_shelves.h"
#include "queue/journal/unfinished.h"
#include "tests/queue/journal_world.h"

namespace convoke::fake {
namespace {

using journal::Blocks;
using journal::CallNote;
using journal::DueShelves;
using journal::ScratchSpace;
using journal::Shelf;
using journal::Unfinished;

constexpr FunctionId kF{1};

class Spilling : public ::testing::Test {
 protected:
  ScratchSpace space() {
    return ScratchSpace{[this] { return dir_.scratch(); }, journal::kBlockBytesMin};
  }
  CallNote note(std::uint64_t order, std::string name = {}) {
    CallNote made;
    made.id = CallId::made_at(now_, rng_.next(), rng_.next());
    made.function = kF;
    made.order = order;
    made.accepted = made.due = made.first_due = now_;
    made.segment = 1 + order / 100;
    made.offset = static_cast<std::uint32_t>(order);
    made.size = 100;
    made.attempt = 3;
    made.maybe_repeated = true;
    made.name = std::move(name);
    return made;
  }
  std::vector<CallNote> filled(Shelf& shelf, std::uint64_t calls) {
    std::vector<CallNote> put;
    for (std::uint64_t order = 1; order <= calls; ++order) {
      put.push_back(note(order, order % 7 == 0 ? std::string(order, 'n') : ""));
      shelf.put(put.back());
      now_ += Millis{1};
    }
    return put;
  }
  static std::vector<CallId> ids(const std::vector<CallNote>& notes) {
    std::vector<CallId> all;
    for (const CallNote& one : notes) all.push_back(one.id);
    return all;
  }
  static std::vector<CallNote> take_all(Shelf& shelf) {
    std::vector<CallNote> all;
    while (!shelf.empty()) {
      for (CallNote& one : shelf.take()) all.push_back(std::move(one));
    }
    return all;
  }

  FakeDisk disk_;
  FakeLogDir dir_{disk_, "scratch"};
  Rng rng_ = Rng::seeded(5);
  WallTime now_ = wall_from_ms(1'700'000'000'000);
};

TEST_F(Spilling, AShelfHandsOutWhatWasPutDownInThatOrderAndWhole) {
  Blocks blocks(space());
  Shelf shelf(blocks);
  const auto put = filled(shelf, 500);
  EXPECT_GT(blocks.used(), 10U);
  const auto taken = take_all(shelf);
  EXPECT_EQ(ids(taken), ids(put));
  EXPECT_EQ(taken.back().name, put.back().name);
  EXPECT_EQ(taken.back().offset, 500U);
  EXPECT_EQ(taken.back().attempt, 3U) << "or an old receipt would be a new one";
  EXPECT_TRUE(taken.back().maybe_repeated);
  EXPECT_EQ(blocks.used(), 0U) << "its room is given back";
}

TEST_F(Spilling, ACallIsFoundByItsIdAndOnceRemovedNeither) {
  Blocks blocks(space());
  Shelf shelf(blocks);
  const auto put = filled(shelf, 300);
  ASSERT_TRUE(shelf.find(put[140].id));
  EXPECT_EQ(shelf.find(put[140].id)->order, put[140].order);
  EXPECT_FALSE(shelf.find(note(1).id));
  shelf.remove(put[140].id);
  EXPECT_FALSE(shelf.find(put[140].id));
  EXPECT_FALSE(shelf.move(put[140].id, 9, 9));
  const auto taken = ids(take_all(shelf));
  EXPECT_EQ(taken.size(), 299U);
  EXPECT_EQ(std::count(taken.begin(), taken.end(), put[140].id), 0);
}

TEST_F(Spilling, ACallKnowsHowManyAreTakenBeforeIt) {
  Blocks blocks(space());
  Shelf shelf(blocks);
  const auto put = filled(shelf, 300);
  EXPECT_EQ(shelf.ahead_of(put[0].id), 0U);
  EXPECT_EQ(shelf.ahead_of(put[140].id), 140U);
  EXPECT_EQ(shelf.ahead_of(note(1).id), std::nullopt);
  shelf.remove(put[3].id);
  shelf.remove(put[139].id);
  shelf.remove(put[141].id);
  EXPECT_EQ(shelf.ahead_of(put[140].id), 138U);
  EXPECT_EQ(shelf.ahead_of(put[141].id), std::nullopt);
  const std::size_t taken = shelf.take().size();
  EXPECT_EQ(shelf.ahead_of(put[140].id), 138U - taken);
}

TEST_F(Spilling, ACallWhoseRecordWasCopiedIsFoundInItsNewSegment) {
  Blocks blocks(space());
  Shelf shelf(blocks);
  const auto put = filled(shelf, 300);
  const auto in = [&](std::uint64_t segment) {
    std::vector<CallNote> found;
    shelf.find_in(0, segment, 1000, found);
    return ids(found);
  };
  EXPECT_EQ(in(1).size(), 99U);
  EXPECT_TRUE(shelf.move(put[5].id, 77, 128));
  EXPECT_EQ(in(1).size(), 98U);
  EXPECT_EQ(in(77), std::vector<CallId>{put[5].id});
  EXPECT_EQ(shelf.find(put[5].id)->offset, 128U);
}

// Counts what it is given, and keeps none of it.
class Sink final : public ScratchFile {
 public:
  Result<void> write(std::uint64_t, std::string_view) override { return {}; }
  Result<std::string> read(std::uint64_t, std::size_t) const override { return std::string(); }
  void announce(std::uint64_t, std::size_t) override {}
  void clear() override {}
};

// In builds whose allocator counts; others see 0 twice.
TEST_F(Spilling, ACallOnAShelfCostsLessThanTwoBytesOfMemory) {
  Blocks blocks(
      ScratchSpace{[] { return Result<std::unique_ptr<ScratchFile>>(std::make_unique<Sink>()); }});
  Shelf shelf(blocks);
  constexpr std::uint64_t kCalls = 200'000;
  const std::size_t before = mallinfo2().uordblks;
  for (std::uint64_t order = 1; order <= kCalls; ++order) shelf.put(note(order));
  EXPECT_LT(mallinfo2().uordblks, before + 2 * kCalls);
}

TEST_F(Spilling, WithoutRoomOnTheDiskAShelfStaysInMemory) {
  disk_.files("full")["x"] = std::make_shared<FakeFile>();
  disk_.files("full")["x"]->durable = "x";
  disk_.set_capacity(0);
  Blocks blocks(space());
  Shelf shelf(blocks);
  const auto put = filled(shelf, 300);
  EXPECT_EQ(blocks.used(), 0U);
  EXPECT_EQ(ids(take_all(shelf)), ids(put));
  EXPECT_FALSE(blocks.failure());
}

TEST_F(Spilling, DelayedCallsComeWhenTheirTimeHasCome) {
  Blocks blocks(space());
  DueShelves shelves(blocks);
  std::vector<WallTime> dues;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    CallNote delayed = note(i);
    delayed.due = now_ + Millis{1 + rng_.below(rng_.one_in(2) ? 10'000 : 20'000'000)};
    dues.push_back(delayed.due);
    shelves.put(delayed, now_);
  }
  std::size_t out = 0;
  while (const auto next = shelves.next()) {
    now_ = std::max(now_, *next);
    for (const CallNote& one : shelves.take(now_)) {
      EXPECT_LE(one.due, now_ + DueShelves::kShortest);
      EXPECT_GE(one.due + DueShelves::kShortest, now_) << "it came late";
      ++out;
    }
  }
  EXPECT_EQ(out, dues.size());
}

TEST_F(Spilling, WhatIsUnfinishedIsTheSameInSharesAsInMemory) {
  Unfinished in_memory(space(), 1'000'000);
  Unfinished in_shares(space(), 50);
  std::vector<CallNote> calls;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const CallNote made = note(1 + rng_.below(1'000'000));
    calls.push_back(made);
    const CallNote& other = calls[rng_.below(calls.size())];
    const journal::AttemptRecord attempt{other.id, now_ + Millis{i}, 1, 2};
    const journal::FinishedRecord finished{calls[rng_.below(calls.size())].id, now_};
    for (Unfinished* one : {&in_memory, &in_shares}) {
      one->accepted(made);
      if (i % 3 == 0) one->attempt(attempt);
      if (i % 2 == 0) one->finished(finished, Unfinished::Tell::kNo);
    }
  }
  in_memory.settle(now_ + Millis{1000});
  in_shares.settle(now_ + Millis{1000});
  EXPECT_GT(in_memory.size(), 500U);
  EXPECT_EQ(in_memory.size(), in_shares.size());
  std::uint64_t last = 0;
  while (in_memory.peek() != nullptr) {
    ASSERT_NE(in_shares.peek(), nullptr);
    const CallNote a = in_memory.take();
    const CallNote b = in_shares.take();
    EXPECT_GE(a.order, last);
    EXPECT_EQ(a.order, b.order);
    EXPECT_EQ(a.due, b.due);
    EXPECT_EQ(a.retries, b.retries);
    last = a.order;
  }
  EXPECT_EQ(in_shares.peek(), nullptr);
}

// ---- the store ----

journal::Options almost_nothing_in_memory() {
  journal::Options options = JournalWorld::small();
  options.ready_in_memory_max = 1;
  options.delayed_in_memory_max = 0;
  options.calls_in_memory_max = 0;
  options.scratch_block_bytes = journal::kBlockBytesMin;
  return options;
}

TEST(SpillingStore, AReceiptStaysFencedThoughItsCallWasSpilled) {
  JournalWorld world(almost_nothing_in_memory());
  world.accepted(kF);
  const Receipt first = world.claim(kF).at(0).receipt;
  ASSERT_EQ(world.postponed(first, world.clock.wall() + Seconds{5}), SettleResult::kDone);
  world.advance(Seconds{6});
  const Receipt second = world.claim(kF).at(0).receipt;
  EXPECT_GT(second.epoch, first.epoch);
  EXPECT_EQ(world.settled(first), SettleResult::kStale);
  EXPECT_EQ(world.settled(second), SettleResult::kDone);
}

TEST(SpillingStore, ScratchThatCannotBeReadStopsTheQueueLoudlyAndLosesNothing) {
  JournalWorld world(almost_nothing_in_memory());
  for (int i = 0; i < 200; ++i) world.accepted(kF);
  world.disk.fail_scratch(true);
  EXPECT_EQ(world.claim(kF, 200).size(), 0U) << "their ends could not be written";
  EXPECT_FALSE(world.accept(world.call(kF)).ok());
  EXPECT_EQ(world.queue().health().error().code, ErrorCode::kServiceUnavailable);
  ASSERT_EQ(world.alarms.size(), 1U);
  EXPECT_NE(world.alarms[0].find("until the engine is restarted"), std::string::npos);
  world.disk.fail_scratch(false);
  world.crash();
  EXPECT_EQ(world.claim(kF, 300).size(), 200U);
}

TEST(SpillingStore, OneOldCallOfALongBacklogDoesNotKeepTheJournalLong) {
  JournalWorld world(almost_nothing_in_memory());
  const CallId old = world.accepted(kF, std::string(500, 'o'));
  for (int i = 0; i < 3; ++i) world.accepted(kF, std::string(500, 'o'));  // spilled
  constexpr FunctionId kBusy{2};
  for (int i = 0; i < 400; ++i) {
    world.accepted(kBusy, std::string(500, 'b'));
    ASSERT_EQ(world.settled(world.claim(kBusy).at(0).receipt), SettleResult::kDone);
  }
  EXPECT_LT(world.disk.used(), 30 * 4096U) << "400 calls of 500 bytes would be 55 segments";
  const auto claimed = world.claim(kF, 10);
  ASSERT_EQ(claimed.size(), 4U);
  EXPECT_EQ(claimed[0].receipt.id, old);
  EXPECT_EQ(claimed[3].event, std::string(500, 'o'));
}

}  // namespace
}  // namespace convoke::fake
