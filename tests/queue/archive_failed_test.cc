// Calls that failed: shown, taken to run again, put back and purged, as every history does it.
#include <algorithm>

#include "tests/queue/archive_suite.h"

namespace convoke::fake {
namespace {

std::vector<std::string> payloads(const history::Page& page) {
  std::vector<std::string> all;
  for (const history::Record& record : page.records) all.push_back(record.event);
  return all;
}

history::FailedQuery oldest_first() {
  history::FailedQuery query;
  query.order = history::Order::kAscending;
  query.payload = history::Payload::kWith;
  return query;
}

TEST_P(ArchiveSuite, ACallWithoutANameIsKeptOnceItHasFailed) {
  const CallId id = failed("event");
  const auto record = find(id, Payload::kWith);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->name, "");
  EXPECT_EQ(record->function, kF);
  EXPECT_EQ(record->state, CallState::kFailed);
  EXPECT_EQ(record->error, "UnhandledInvocationError");
  EXPECT_EQ(record->message, "in words");
  EXPECT_EQ(record->event, "event");
  EXPECT_EQ(events(*record), "1 Enqueued, 2 Dequeued, 3 Running, 4 Failed");
  history::ListQuery named;
  named.function = kF;
  EXPECT_TRUE(list(named)->records.empty()) << "it has no name";
  named.state = CallState::kFailed;
  EXPECT_TRUE(list(named)->records.empty()) << "it has no name";
}

TEST_P(ArchiveSuite, FailuresOfAllFunctionsAreMergedInOrder) {
  failed("1", kF);
  world().advance(Millis{1});
  failed("2", kG);
  world().advance(Millis{1});
  accepted("named", kG);
  ended(Settlement::kExpired, kG);
  world().advance(Millis{1});
  accepted("well", kG);
  ended(Settlement::kSucceeded, kG);
  failed("4", kF);
  EXPECT_EQ(payloads(*list(oldest_first())),
            (std::vector<std::string>{"1", "2", "event of named", "4"}));
  history::FailedQuery of_one = oldest_first();
  of_one.function = kG;
  of_one.order = history::Order::kDescending;
  EXPECT_EQ(payloads(*list(of_one)), (std::vector<std::string>{"event of named", "2"}));
}

TEST_P(ArchiveSuite, PagesOfFailuresHaveEachOnce) {
  std::vector<std::string> expected;
  for (int i = 0; i < 17; ++i) {
    expected.push_back(std::to_string(i));
    failed(expected.back(), i % 3 == 0 ? kG : kF);
    if (i % 2 == 1) world().advance(Millis{1});
  }
  for (const auto order : {history::Order::kAscending, history::Order::kDescending}) {
    history::FailedQuery query = oldest_first();
    query.order = order;
    query.limit = 4;
    std::vector<std::string> seen;
    int pages = 0;
    do {
      const Result<Page> page = list(query);
      ASSERT_TRUE(page.ok());
      for (const std::string& event : payloads(*page)) seen.push_back(event);
      query.token = page->next_token;
    } while (!query.token.empty() && ++pages < 50);
    ASSERT_EQ(seen.size(), expected.size());
    std::sort(seen.begin(), seen.end());
    std::vector<std::string> sorted = expected;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(seen, sorted);
  }
}

TEST_P(ArchiveSuite, TwoWhoTakeFailuresMeetNoneTwice) {
  const CallId first = failed("1");
  world().advance(Millis{1});
  const CallId second = failed("2", kG);
  history::FailedQuery one = oldest_first();
  one.limit = 1;
  EXPECT_EQ(payloads(take(one)), std::vector<std::string>{"1"});
  EXPECT_EQ(payloads(take(oldest_first())), std::vector<std::string>{"2"});
  EXPECT_TRUE(take(oldest_first()).records.empty());
  EXPECT_EQ(list(oldest_first())->records.size(), 2U) << "they are listed until they are purged";
  archive().put_back({{kF, first}});
  EXPECT_EQ(payloads(take(oldest_first())), std::vector<std::string>{"1"});
  EXPECT_EQ(purge({{kF, first}, {kG, second}}), 2U);
  EXPECT_TRUE(list(oldest_first())->records.empty());
  EXPECT_FALSE(find(first));
}

TEST_P(ArchiveSuite, OnlyWhatFailedIsPurged) {
  const CallId waits = accepted("waits");
  const CallId failure = failed("x", kG);
  EXPECT_EQ(purge({{kF, waits}, {kG, failure}, {kG, CallId::from_random(9, 9)}}), 1U);
  EXPECT_EQ(purge({}), 0U);
  EXPECT_TRUE(find("waits"));
  ended(Settlement::kFailed);
  EXPECT_EQ(purge({{kF, waits}}), 1U);
  EXPECT_TRUE(side().accept(named("waits")).ok()) << "its name is free";
}

TEST_P(ArchiveSuite, FailuresGoWhenTheyAreOld) {
  const CallId old = failed("old");
  world().advance(Seconds{10});
  const CallId young = failed("young");
  side().collect(Seconds{5});
  EXPECT_FALSE(find(old));
  EXPECT_TRUE(find(young));
  EXPECT_EQ(payloads(*list(oldest_first())), std::vector<std::string>{"young"});
}

}  // namespace
}  // namespace convoke::fake
