// Marks and facts: committed together, once, whatever fails.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "queue/history/schema.h"
#include "tests/history/faulty_disk.h"
#include "tests/history/world.h"

namespace convoke::history {
namespace {

class Marks : public HistoryTest {
 protected:
  // Chapter n (from 1): call n is accepted, and the one before it ends.
  [[nodiscard]] static Chapter nth(std::uint32_t n) {
    Accepted begin = accepted(n, n);
    begin.event.assign(300, 'e');
    Chapter made{kJournal, Mark{1, n}, {begin}};
    if (n > 1) {
      Finished end = finished(n - 1, n, Settlement::kFailed);
      end.result.assign(5000, 'r');
      made.facts.emplace_back(end);
    }
    return made;
  }

  // All of the chapters up to the mark, and nothing of those behind it.
  void expect_whole(History& told, std::uint32_t last) {
    const std::uint32_t reached = told.mark_of(kJournal).offset;
    for (std::uint32_t n = 1; n <= last; ++n) {
      const auto found = told.get(call(n), Payload::kWith);
      ASSERT_TRUE(found);
      ASSERT_EQ(found->has_value(), n <= reached) << "call " << n << ", mark " << reached;
      if (n > reached) continue;
      EXPECT_EQ((*found)->event.size(), 300U);
      EXPECT_EQ((*found)->state, n < reached ? CallState::kFailed : CallState::kEnqueued);
      EXPECT_EQ((*found)->result.size(), n < reached ? 5000U : 0U);
      EXPECT_EQ((*found)->events.size(), n < reached ? 2U : 1U);
    }
  }
};

TEST_F(Marks, AreReadBackAfterARestart) {
  EXPECT_EQ(history->mark_of(kJournal), Mark{});
  ASSERT_TRUE(history->apply({{0, Mark{5, 10}, {accepted(1, 1)}}, {1, Mark{1UL << 40, 20}, {}}}));
  ASSERT_TRUE(history->apply({{0, Mark{5, 30}, {}}}));
  reopen();
  EXPECT_EQ(history->mark_of(0), (Mark{5, 30}));
  EXPECT_EQ(history->mark_of(1), (Mark{1UL << 40, 20}));
  EXPECT_EQ(history->mark_of(2), Mark{});
  EXPECT_EQ(history->journals(), (std::vector<std::uint32_t>{0, 1}));
  ASSERT_TRUE(history->forget(0));
  EXPECT_EQ(history->journals(), std::vector<std::uint32_t>{1});
}

TEST_F(Marks, ChaptersOfOneJournalMayBeToldTogether) {
  ASSERT_TRUE(history->apply({nth(1), nth(2), nth(3)}));
  EXPECT_EQ(history->mark_of(kJournal), (Mark{1, 3}));
  expect_whole(*history, 5);
}

TEST_F(Marks, OneThatGoesBackIsRefusedAndChangesNothing) {
  ASSERT_TRUE(history->apply({nth(1), nth(2)}));
  const Result<void> refused = history->apply({{9, Mark{1, 1}, {accepted(50, 1)}}, nth(1)});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("move history.db away"), std::string::npos)
      << refused.error().message;
  EXPECT_FALSE(get(50));
  EXPECT_EQ(history->mark_of(9), Mark{});
  EXPECT_FALSE(history->apply({{kJournal, Mark{1, 1}, {Dequeued{call(2), at(9)}}}}));
  EXPECT_EQ(history->mark_of(kJournal), (Mark{1, 2}));
}

TEST_F(Marks, FactsOfAJournalWithoutOneAreRefused) {
  ASSERT_TRUE(history->apply({nth(1)}));
  EXPECT_FALSE(history->apply({{kJournal, Mark{1, 1}, {finished(1, 9)}}}));
  EXPECT_EQ(state(1), CallState::kEnqueued);
}

TEST_F(Marks, OfAJournalThatIsNoMoreAreForgotten) {
  ASSERT_TRUE(history->apply({nth(1), nth(2)}));
  ASSERT_TRUE(history->forget(kJournal));
  EXPECT_EQ(history->mark_of(kJournal), Mark{});
  reopen();
  EXPECT_EQ(history->mark_of(kJournal), Mark{});
  EXPECT_TRUE(history->apply({{kJournal, Mark{1, 1}, {accepted(77, 1)}}}));
}

TEST_F(Marks, FactsThatCannotBeMeantAreIgnoredAndCounted) {
  tell({accepted(1, 1), finished(1, 5), finished(1, 6, Settlement::kFailed), finished(9, 5),
        Attempted{call(1), at(7), at(8), 1, {}}, Delivered{call(9), at(5), "Succeeded"}});
  show({Started{call(9), at(5), "i"}, Dequeued{call(1), at(9)}});
  EXPECT_EQ(state(1), CallState::kSucceeded);
  EXPECT_EQ(get(1)->ended, at(5));
  EXPECT_EQ(history->counts().ignored, 5U) << "a delivery may come before its call";
  EXPECT_EQ(history->counts().facts, 3U);
}

TEST_F(Marks, AnAcceptanceThatAJournalCopiedForwardIsOneCall) {
  Accepted fact = accepted(1, 1);
  fact.event = "e";
  tell({fact});
  tell({fact});
  EXPECT_EQ(history->counts().repeated, 1U);
  EXPECT_EQ(get(1, Payload::kWith)->event, "e");
}

TEST_F(Marks, ANameBelongsToTheCallThatWasAcceptedLast) {
  tell({accepted(1, 1, "n"), accepted(2, 2, "n")});
  EXPECT_FALSE(get(1));
  EXPECT_EQ(get(2)->name, "n");
  EXPECT_EQ(history->counts().replaced, 1U);
  tell({finished(1, 5)});
  EXPECT_EQ(state(2), CallState::kEnqueued);
}

TEST_F(Marks, WhatAnotherProgramRefusesIsToldAgainLater) {
  ASSERT_TRUE(history->apply({nth(1)}));
  run_sql("CREATE TRIGGER refuse BEFORE INSERT ON marks BEGIN SELECT RAISE(ABORT, 'no'); END");
  const Result<void> refused = history->apply({nth(2)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  expect_whole(*history, 2);
  run_sql("DROP TRIGGER refuse");
  ASSERT_TRUE(history->apply({nth(2)}));
  EXPECT_EQ(history->mark_of(kJournal).offset, 2U);
  expect_whole(*history, 2);
}

TEST_F(Marks, WhatIsUnderWayIsShownOnlyOnceItsAcceptanceIsCommitted) {
  run_sql("CREATE TRIGGER refuse BEFORE INSERT ON marks BEGIN SELECT RAISE(ABORT, 'no'); END");
  Chapter both = nth(1);
  both.facts.emplace_back(Started{call(1), at(9), "i"});
  EXPECT_FALSE(history->apply({both}));
  run_sql("DROP TRIGGER refuse");
  ASSERT_TRUE(history->apply({both}));
  EXPECT_EQ(state(1), CallState::kRunning);
}

// The power goes at any byte of the write-ahead log.
TEST_F(Marks, CommitTogetherWithTheirFactsWhereverTheLogIsCut) {
  constexpr std::uint32_t kChapters = 6;
  for (std::uint32_t n = 1; n <= kChapters; ++n) ASSERT_TRUE(history->apply({nth(n)}));
  const std::string log = content_of(path() + "-wal");
  ASSERT_GT(log.size(), 10'000U) << "nothing has been moved into the database itself";

  const TempDir after;
  std::set<std::uint32_t> reached;
  for (std::size_t cut = 0; cut < log.size() + 1; cut += 2039) {
    const std::string copy = after / ("cut-" + std::to_string(cut));
    std::filesystem::copy_file(path(), copy);
    std::ofstream(copy + "-wal", std::ios::binary) << log.substr(0, cut);
    Result<std::unique_ptr<History>> opened = History::open(copy);
    ASSERT_TRUE(opened) << opened.error().message;
    History& told = **opened;
    expect_whole(told, kChapters);
    const std::uint32_t mark_found = told.mark_of(kJournal).offset;
    if (!reached.insert(mark_found).second) continue;
    for (std::uint32_t n = mark_found + 1; n <= kChapters; ++n)
      ASSERT_TRUE(told.apply({nth(n)})) << "told again from the mark";
    expect_whole(told, kChapters);
  }
  EXPECT_GE(reached.size(), kChapters) << "the cuts fell between all chapters";
}

class MarksOnAFaultyDisk : public Marks {
 protected:
  void TearDown() override { history.reset(); }

  // Runs one scenario for each write and sync of the second chapter's commit.
  template <class Scenario>
  void for_each_fault(int code, Scenario scenario) {
    std::uint64_t step = 0;
    for (bool hit = true; hit; ++step) {
      history.reset();
      std::filesystem::remove(path());
      reopen();
      ASSERT_TRUE(history->apply({nth(1)}));
      disk.fail_from(step, code);
      const Result<void> told = history->apply({nth(2)});
      hit = disk.failed();
      EXPECT_EQ(told.ok(), !hit) << "step " << step;
      if (hit) expect_whole(*history, 2);
      if (hit) scenario();
      disk.heal();
    }
    EXPECT_GT(step, 5U);
  }

  FaultyDisk disk;  // lives longer than what is open on it: see TearDown
};

TEST_F(MarksOnAFaultyDisk, AFullDiskLosesNothingAndServesAgainOnceThereIsRoom) {
  for_each_fault(SQLITE_FULL, [this] {
    const Result<void> still = history->apply({nth(2)});
    ASSERT_FALSE(still);
    EXPECT_EQ(still.error().code, ErrorCode::kServiceUnavailable);
    EXPECT_NE(still.error().message.find("make room"), std::string::npos);
    disk.heal();
    ASSERT_TRUE(history->apply({nth(2)}));
    expect_whole(*history, 2);
    EXPECT_EQ(history->mark_of(kJournal).offset, 2U);
  });
}

TEST_F(MarksOnAFaultyDisk, AfterAnIoErrorAllIsRefusedUntilARestart) {
  for_each_fault(SQLITE_IOERR_WRITE, [this] {
    disk.heal();
    const Result<void> refused = history->apply({nth(2)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInternalServerError);
    reopen();
    expect_whole(*history, 2);  // the commit may have reached the disk, or not: both are whole
    if (history->mark_of(kJournal).offset == 1) {
      ASSERT_TRUE(history->apply({nth(2)}));
    }
    expect_whole(*history, 2);
    EXPECT_EQ(history->mark_of(kJournal).offset, 2U);
  });
}

TEST_F(Marks, ADamagedFileSaysWhatToDo) {
  history.reset();
  std::ofstream(path(), std::ios::binary) << std::string(8192, 'x');
  const auto opened = History::open(path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInternalServerError);
  EXPECT_NE(opened.error().message.find("history"), std::string::npos);
  EXPECT_NE(opened.error().message.find("move it away"), std::string::npos);
}

TEST_F(Marks, AFileOfANewerProgramIsRefused) {
  history.reset();
  run_sql("PRAGMA user_version = " + std::to_string(kSchemaSteps.size() + 1));
  const auto opened = History::open(path());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("newer program"), std::string::npos);
}

TEST_F(Marks, AFileOfAnOlderProgramIsBroughtUpToDate) {
  tell({accepted(1, 1)});
  history.reset();
  run_sql("DROP TABLE early_deliveries; DROP TABLE timers; PRAGMA user_version = 1");
  reopen();
  tell({finished(1, 5), Delivered{call(9), at(5), "Succeeded"}});
  EXPECT_EQ(state(1), CallState::kSucceeded);
}

TEST_F(Marks, AnOperatorCanReadTheHistory) {
  tell({accepted(1, 1'700'000'000'000), finished(1, 1'700'000'060'000)});
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
  std::string line;
  const auto append = [](void* out, int columns, char** values, char**) {
    for (int i = 0; i < columns; ++i)
      *static_cast<std::string*>(out) += values[i] + std::string("|");
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(database, "SELECT request, name, status, accepted, ended FROM history",
                         append, &line, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  EXPECT_EQ(line, call(1).text() + "|call-1|Succeeded|2023-11-14 22:13:20|2023-11-14 22:14:20|");
}

TEST_F(Marks, ATimersLastFiringIsKnownWhateverOrderItIsToldIn) {
  tell({Fired{firing_id({7, at(3000)})}, Fired{firing_id({8, at(1000)})}});
  tell({Fired{firing_id({7, at(2000)})}});
  reopen();
  EXPECT_EQ(*history->fired(), (std::vector<Firing>{{7, at(3000)}, {8, at(1000)}}));
}

}  // namespace
}  // namespace convoke::history
