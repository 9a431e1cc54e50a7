// Lists of named calls: filters, order and pages, as every history has them.
#include <algorithm>
#include <set>

#include "tests/queue/archive_suite.h"

namespace convoke::fake {
namespace {

history::ListQuery all_of(FunctionId function) {
  history::ListQuery query;
  query.function = function;
  query.order = history::Order::kAscending;
  return query;
}

TEST_P(ArchiveSuite, AListHasTheFunctionsNamedCallsByAcceptTime) {
  for (const char* name : {"c", "a", "b"}) {
    accepted(name);
    world().advance(Millis{1});
  }
  accepted("other", kG);
  accepted("@own");
  EXPECT_TRUE(world().accepted(kF) != CallId{});
  history::ListQuery query = all_of(kF);
  EXPECT_EQ(names(*list(query)), (Names{"c", "a", "b"}));
  query.order = history::Order::kDescending;
  EXPECT_EQ(names(*list(query)), (Names{"b", "a", "c"}));
  EXPECT_EQ(list(query)->next_token, "");
  EXPECT_TRUE(list(all_of(FunctionId{9}))->records.empty());
}

TEST_P(ArchiveSuite, AListIsNarrowedByWhatIsAsked) {
  accepted("job-1");
  world().advance(Millis{10});
  accepted("job-2");
  world().advance(Millis{10});
  NewCall other = named("other");
  other.qualifier = "canary";
  ASSERT_TRUE(side().accept(other).ok());
  Ending ending = Settlement::kFailed;
  ending.report = report("x");
  const WallTime first_start = ending.report.started;
  EXPECT_EQ(world().settled(claimed(), ending), SettleResult::kDone);
  world().advance(Seconds{5});
  const Receipt second = claimed();
  world().queue().note_started(second, now(), "i-2");

  history::ListQuery query = all_of(kF);
  query.name_prefix = "job-";
  EXPECT_EQ(names(*list(query)), (Names{"job-1", "job-2"}));
  query.qualifier = "canary";
  EXPECT_EQ(names(*list(query)), Names{});
  query.name_prefix = "";
  EXPECT_EQ(names(*list(query)), Names{"other"});

  const auto in_state = [&](CallState state) {
    history::ListQuery asked = all_of(kF);
    asked.state = state;
    return names(*list(asked));
  };
  EXPECT_EQ(in_state(CallState::kFailed), Names{"job-1"});
  EXPECT_EQ(in_state(CallState::kRunning), Names{"job-2"});
  EXPECT_EQ(in_state(CallState::kEnqueued), Names{"other"});
  EXPECT_EQ(in_state(CallState::kSucceeded), Names{});

  history::ListQuery started = all_of(kF);
  started.started_begin = first_start;
  started.started_end = first_start;
  EXPECT_EQ(names(*list(started)), Names{"job-1"}) << "both inclusive";
  started.started_end.reset();
  EXPECT_EQ(names(*list(started)), (Names{"job-1", "job-2"}));
  started.started_begin = now() + Millis{1};
  EXPECT_EQ(names(*list(started)), Names{});
}

TEST_P(ArchiveSuite, PagesHaveEachCallOnce) {
  Names expected;
  for (int i = 0; i < 23; ++i) {
    expected.push_back("job-" + std::to_string(100 + i));
    accepted(expected.back());
    world().advance(Millis{1});
  }
  for (const auto order : {history::Order::kAscending, history::Order::kDescending}) {
    history::ListQuery query = all_of(kF);
    query.order = order;
    query.limit = 5;
    Names seen;
    int pages = 0;
    do {
      const Result<Page> page = list(query);
      ASSERT_TRUE(page.ok());
      for (const std::string& name : names(*page)) seen.push_back(name);
      query.token = page->next_token;
      ++pages;
    } while (!query.token.empty() && pages < 50);
    EXPECT_EQ(pages, 5);
    if (order == history::Order::kDescending) std::reverse(seen.begin(), seen.end());
    EXPECT_EQ(seen, expected);
  }
}

TEST_P(ArchiveSuite, PagesOfWhatRunsHaveEachCallOnce) {
  Names expected;
  for (int i = 0; i < 7; ++i) {
    expected.push_back("job-" + std::to_string(i));
    accepted(expected.back());
    world().advance(Millis{1});
  }
  for (const ClaimedCall& call : world().claim(kF, 5)) {
    world().queue().note_started(call.receipt, now(), "i");
  }
  expected.resize(5);
  for (const auto order : {history::Order::kAscending, history::Order::kDescending}) {
    history::ListQuery query = all_of(kF);
    query.state = CallState::kRunning;
    query.order = order;
    query.limit = 2;
    Names seen;
    do {
      const Result<Page> page = list(query);
      ASSERT_TRUE(page.ok());
      for (const std::string& name : names(*page)) seen.push_back(name);
      query.token = page->next_token;
    } while (!query.token.empty() && seen.size() < 50);
    if (order == history::Order::kDescending) std::reverse(seen.begin(), seen.end());
    EXPECT_EQ(seen, expected);
  }
}

TEST_P(ArchiveSuite, CallsOfOneMomentAreOnOnePageEach) {
  std::set<std::string> expected;
  for (int i = 0; i < 250; ++i) {
    const std::string name = "job-" + std::to_string(i);
    world().queue().accept(named(name), [](const Result<void>& ok) { EXPECT_TRUE(ok.ok()); });
    expected.insert(name);
  }
  history::ListQuery query = all_of(kF);
  query.limit = 7;
  std::set<std::string> seen;
  std::size_t count = 0;
  do {
    const Result<Page> page = list(query);
    ASSERT_TRUE(page.ok());
    for (const std::string& name : names(*page)) seen.insert(name);
    count += page->records.size();
    query.token = page->next_token;
  } while (!query.token.empty());
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(count, expected.size());
}

TEST_P(ArchiveSuite, ATokenIsOfItsQueryAndALimitHasBounds) {
  accepted("a");
  world().advance(Millis{1});
  accepted("b");
  history::ListQuery query = all_of(kF);
  query.limit = 1;
  query.token = list(query)->next_token;
  EXPECT_EQ(names(*list(query)), Names{"b"});
  history::ListQuery other = query;
  other.name_prefix = "b";
  EXPECT_EQ(list(other).error().code, ErrorCode::kInvalidArgument);
  other = query;
  other.token = "nonsense";
  EXPECT_EQ(list(other).error().code, ErrorCode::kInvalidArgument);
  other = query;
  for (const std::uint32_t limit : {0U, history::kPageMax + 1}) {
    other.limit = limit;
    EXPECT_EQ(list(other).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_P(ArchiveSuite, PayloadsComeWithAListThatAsksForThem) {
  accepted("ended");
  world().advance(Millis{1});
  accepted("runs");
  world().advance(Millis{1});
  accepted("waits");
  world().advance(Millis{1});
  NewCall later = named("later");
  later.due += Seconds{60};
  ASSERT_TRUE(side().accept(later).ok());
  Ending ending = Settlement::kSucceeded;
  ending.result = std::string("\0\xff", 2);
  EXPECT_EQ(world().settled(claimed(), ending), SettleResult::kDone);
  const Receipt runs = claimed();
  history::ListQuery query = all_of(kF);
  query.payload = Payload::kWith;
  const Result<Page> page = list(query);
  ASSERT_EQ(names(*page), (Names{"ended", "runs", "waits", "later"}));
  for (const Record& record : page->records) EXPECT_EQ(record.event, "event of " + record.name);
  EXPECT_EQ(page->records[0].result, std::string("\0\xff", 2));
  EXPECT_EQ(world().settled(runs), SettleResult::kDone);
}

TEST_P(ArchiveSuite, APageOfLargePayloadsEndsEarlyAndGoesOn) {
  const std::string large(6UL << 20, 'x');
  for (int i = 0; i < 4; ++i) {
    NewCall call = named("job-" + std::to_string(i));
    call.event = "small";
    ASSERT_TRUE(side().accept(call).ok());
    Ending ending = Settlement::kSucceeded;
    ending.result = large;
    EXPECT_EQ(world().settled(claimed(), ending), SettleResult::kDone);
    world().advance(Millis{1});
  }
  history::ListQuery query = all_of(kF);
  query.payload = Payload::kWith;
  EXPECT_EQ(list(query)->records.size(), 4U) << "results are cut to kResultMax";
  EXPECT_EQ(list(query)->records[0].result.size(), kResultMax);
  EXPECT_TRUE(list(query)->records[0].result_cut);
}

TEST_P(ArchiveSuite, FunctionsWithNamedCallsAreListedInOrder) {
  accepted("a", FunctionId{7});
  accepted("a", FunctionId{3});
  accepted("b", FunctionId{3});
  failed("no name", FunctionId{5});
  accepted("a", FunctionId{11});
  EXPECT_EQ(functions(FunctionId{0}, 10),
            (std::vector<FunctionId>{FunctionId{3}, FunctionId{7}, FunctionId{11}}));
  EXPECT_EQ(functions(FunctionId{3}, 1), std::vector<FunctionId>{FunctionId{7}});
  EXPECT_TRUE(functions(FunctionId{11}, 5).empty());
}

}  // namespace
}  // namespace convoke::fake
