// A history on a disk of its own, and the calls that it is told of.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "queue/history/history.h"
#include "tests/registry/temp_dir.h"

namespace convoke::history {

inline CallId call(std::uint64_t number) { return CallId::from_random(number, ~number); }
inline WallTime at(std::int64_t ms) { return wall_from_ms(ms); }
inline constexpr FunctionId kFunction{7};
inline constexpr FunctionId kOther{8};
inline constexpr std::uint32_t kJournal = 3;

inline Accepted accepted(std::uint64_t number, std::int64_t ms, std::string name) {
  Accepted fact;
  fact.id = call(number);
  fact.function = kFunction;
  fact.name = std::move(name);
  fact.accepted = fact.due = at(ms);
  return fact;
}
inline Accepted accepted(std::uint64_t number, std::int64_t ms) {
  return accepted(number, ms, "call-" + std::to_string(number));
}

inline Finished finished(std::uint64_t number, std::int64_t ms,
                         Settlement how = Settlement::kSucceeded) {
  Finished fact;
  fact.id = call(number);
  fact.at = at(ms);
  fact.settlement = how;
  return fact;
}

class HistoryTest : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }

  void reopen() {
    history.reset();
    Result<std::unique_ptr<History>> opened = History::open(path(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    history = *std::move(opened);
  }
  [[nodiscard]] std::string path() const { return directory / "history.db"; }

  // The next chapter of the journal, as a store would tell it.
  Chapter chapter(std::vector<Fact> facts) {
    mark = {1, mark.offset + 100};
    return {kJournal, mark, std::move(facts)};
  }
  void tell(std::vector<Fact> facts) {
    const Result<void> told = history->apply({chapter(std::move(facts))});
    EXPECT_TRUE(told) << (told ? "" : told.error().message);
  }
  // Of what stands in no journal.
  void show(std::vector<Fact> facts) {
    const Result<void> told = history->apply({{kJournal, mark, std::move(facts)}});
    EXPECT_TRUE(told) << (told ? "" : told.error().message);
  }

  [[nodiscard]] std::optional<Record> get(std::uint64_t number,
                                          Payload payload = Payload::kWithout) {
    Result<std::optional<Record>> found = history->get(call(number), payload);
    EXPECT_TRUE(found);
    return found ? *std::move(found) : std::nullopt;
  }
  [[nodiscard]] CallState state(std::uint64_t number) {
    const std::optional<Record> record = get(number);
    EXPECT_TRUE(record) << number;
    return record ? record->state : CallState::kInvalid;
  }
  template <class Query>
  [[nodiscard]] Page page(const Query& query) {
    Result<Page> found = list(query);
    EXPECT_TRUE(found) << (found ? "" : found.error().message);
    return found ? *std::move(found) : Page{};
  }
  [[nodiscard]] Result<Page> list(const ListQuery& query) { return history->list(query); }
  [[nodiscard]] Result<Page> list(const FailedQuery& query) { return history->list_failed(query); }

  // As an operator, or another program, would.
  void run_sql(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  TempDir directory;
  Options options;
  std::unique_ptr<History> history;
  Mark mark;
};

// "call-3 call-1": to compare a page at a glance.
inline std::string names(const std::vector<Record>& records) {
  std::string all;
  for (const Record& record : records) {
    if (!all.empty()) all += ' ';
    all += record.name.empty() ? "-" : record.name;
  }
  return all;
}

}  // namespace convoke::history
