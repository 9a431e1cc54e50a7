// What leaves the history, and what stays.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/history/world.h"

namespace convoke::history {
namespace {

class Housekeeping : public HistoryTest {
 protected:
  Collected collect(std::int64_t now) {
    Result<Collected> collected = history->collect(at(now));
    EXPECT_TRUE(collected);
    return collected ? *collected : Collected{};
  }

  [[nodiscard]] std::int64_t rows(const std::string& table) {
    std::int64_t count = -1;
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    const auto read = [](void* out, int, char** values, char**) {
      *static_cast<std::int64_t*>(out) = std::stoll(values[0]);
      return 0;
    };
    EXPECT_EQ(
        sqlite3_exec(database, ("SELECT count(*) FROM " + table).c_str(), read, &count, nullptr),
        SQLITE_OK);
    sqlite3_close(database);
    return count;
  }

  // With an event and a result of `bytes` each.
  static void append_life(std::vector<Fact>& facts, std::uint64_t number, std::int64_t ended,
                          std::size_t bytes) {
    Accepted begin = accepted(number, 1);
    begin.event.assign(bytes, 'e');
    Finished end = finished(number, ended);
    end.result.assign(bytes, 'r');
    facts.emplace_back(begin);
    facts.emplace_back(end);
  }
};

constexpr std::int64_t kWeek = 7LL * 24 * 3600 * 1000;

TEST_F(Housekeeping, ARecordIsKeptSevenDaysFromItsEnd) {
  tell({accepted(1, 0), finished(1, 1000)});
  EXPECT_EQ(collect(1000 + kWeek).expired, 0U);
  EXPECT_TRUE(get(1));
  EXPECT_EQ(collect(1001 + kWeek).expired, 1U);
  EXPECT_FALSE(get(1));
  EXPECT_EQ(history->counts().expired, 1U);
}

TEST_F(Housekeeping, WhatATimerFiredForIsKeptForTwoDays) {
  const std::int64_t day = 24L * 3600 * 1000;
  tell({Fired{firing_id({1, at(day)})}, Fired{firing_id({2, at(2 * day)})}});
  (void)collect(3 * day);
  EXPECT_EQ(history->fired()->size(), 2U);
  (void)collect(3 * day + 1);
  EXPECT_EQ(*history->fired(), (std::vector<Firing>{{2, at(2 * day)}}));
}

TEST_F(Housekeeping, TheRetentionCanBeSet) {
  options.retention = Millis{10};
  reopen();
  tell({accepted(1, 0), finished(1, 1000)});
  EXPECT_EQ(collect(1010).expired, 0U);
  EXPECT_EQ(collect(1011).expired, 1U);
}

TEST_F(Housekeeping, WhatHasNotEndedIsNeverCollected) {
  options.bytes_max = 1;
  reopen();
  tell({accepted(1, 0), accepted(2, 0)});
  Attempted retry;
  retry.id = call(2);
  tell({retry});
  EXPECT_EQ(collect(100 * kWeek).expired, 0U);
  EXPECT_EQ(collect(100 * kWeek).for_room, 0U);
  EXPECT_FALSE(collect(100 * kWeek).more) << "there is nothing it could do";
  EXPECT_TRUE(get(1));
  EXPECT_TRUE(get(2));
}

TEST_F(Housekeeping, ANameIsFreeAgainAfterCollection) {
  tell({accepted(1, 0, "n"), finished(1, 1000)});
  EXPECT_TRUE(*history->name_in_use(kFunction, "n"));
  collect(1001 + kWeek);
  EXPECT_FALSE(*history->name_in_use(kFunction, "n"));
  tell({accepted(2, 2 * kWeek, "n")});
  EXPECT_EQ((*history->get(kFunction, "n", Payload::kWithout))->id, call(2));
  EXPECT_EQ(history->counts().replaced, 0U);
}

TEST_F(Housekeeping, ARecordGoesWhole) {
  std::vector<Fact> facts;
  append_life(facts, 1, 10, 100);
  tell(facts);
  EXPECT_EQ(rows("attempts"), 1);
  collect(11 + kWeek);
  for (const char* table : {"calls", "attempts", "payloads", "results"})
    EXPECT_EQ(rows(table), 0) << table;
}

TEST_F(Housekeeping, OneStepIsBoundedAndSaysThatThereIsMore) {
  std::vector<Fact> facts;
  for (std::uint64_t i = 0; i < kCollectedMax + 1; ++i) {
    facts.emplace_back(accepted(i, 0));
    facts.emplace_back(finished(i, static_cast<std::int64_t>(i)));
  }
  tell(facts);
  const Collected first = collect(10 * kWeek);
  EXPECT_EQ(first.expired, kCollectedMax);
  EXPECT_TRUE(first.more);
  EXPECT_TRUE(get(kCollectedMax)) << "the oldest end goes first";
  const Collected second = collect(10 * kWeek);
  EXPECT_EQ(second.expired, 1U);
  EXPECT_FALSE(second.more);
}

TEST_F(Housekeeping, BeyondItsBytesTheOldestEndsGoFirst) {
  options.bytes_max = 2UL << 20;
  reopen();
  std::vector<Fact> facts;
  for (std::uint64_t i = 0; i < 400; ++i)
    append_life(facts, i, 1000 - static_cast<std::int64_t>(i), 8192);  // the last one ended first
  tell(facts);
  ASSERT_GT(*history->bytes(), options.bytes_max);
  std::uint64_t gone = 0;
  Collected step;
  do {
    step = collect(2000);
    gone += step.for_room;
  } while (step.more);
  EXPECT_LE(*history->bytes(), options.bytes_max);
  EXPECT_GT(*history->bytes(), options.bytes_max / 2) << "no more goes than must";
  EXPECT_EQ(history->counts().for_room, gone);
  EXPECT_TRUE(get(0));
  EXPECT_FALSE(get(399));
  EXPECT_EQ(rows("calls"), static_cast<std::int64_t>(400 - gone));
}

TEST_F(Housekeeping, RoomIsUsedAgain) {
  options.bytes_max = 1UL << 20;
  reopen();
  std::uint64_t most = 0;
  for (std::uint64_t round = 0; round < 50; ++round) {
    std::vector<Fact> facts;
    for (std::uint64_t i = 20 * round; i < 20 * (round + 1); ++i)
      append_life(facts, i, static_cast<std::int64_t>(i), 8192);
    tell(facts);
    most = std::max(most, *history->bytes());
    while (collect(2000).more) {
    }
  }
  history.reset();
  EXPECT_LT(std::filesystem::file_size(path()), 2 * options.bytes_max);
  EXPECT_LT(most, 2 * options.bytes_max);
}

TEST_F(Housekeeping, PurgeRemovesWhatFailedAndNothingElse) {
  tell({accepted(1, 0), accepted(2, 0), accepted(3, 0), accepted(4, 0, ""),
        finished(1, 10, Settlement::kFailed), finished(2, 10),
        finished(4, 10, Settlement::kExpired)});
  const Result<std::uint64_t> purged =
      history->purge({call(1), call(2), call(3), call(4), call(9)});
  ASSERT_TRUE(purged);
  EXPECT_EQ(*purged, 2U);
  EXPECT_EQ(history->counts().purged, 2U);
  reopen();
  EXPECT_FALSE(get(1));
  EXPECT_TRUE(get(2));
  EXPECT_TRUE(get(3));
  EXPECT_FALSE(get(4));
  EXPECT_FALSE(*history->name_in_use(kFunction, "call-1"));
}

TEST_F(Housekeeping, PurgeTakesAThousandAtMost) {
  const Result<std::uint64_t> refused =
      history->purge(std::vector<CallId>(History::kPurgedMax + 1, call(1)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace convoke::history
