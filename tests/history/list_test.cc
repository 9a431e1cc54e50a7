// Pages: order, filters, tokens.
#include <gtest/gtest.h>

#include <set>

#include "tests/history/world.h"

namespace convoke::history {
namespace {

class List : public HistoryTest {
 protected:
  [[nodiscard]] static ListQuery query(Order order = Order::kAscending) {
    ListQuery made;
    made.function = kFunction;
    made.order = order;
    return made;
  }

  [[nodiscard]] std::string listed(const ListQuery& query) { return names(page(query).records); }

  // Turns the pages to the end.
  template <class Query>
  [[nodiscard]] std::string all_pages(Query query) {
    std::string all;
    do {
      const Page turned = page(query);
      EXPECT_LE(turned.records.size(), query.limit);
      if (!turned.records.empty()) all += (all.empty() ? "" : " ") + names(turned.records);
      query.token = turned.next_token;
    } while (!query.token.empty());
    return all;
  }

  void succeed(std::uint64_t number, std::int64_t started) {
    Finished end = finished(number, started + 10);
    end.report.dequeued = at(started - 1);
    end.report.started = at(started);
    tell({end});
  }
};

TEST_F(List, IsByAcceptTimeBothWaysWhateverTheOrderOfTelling) {
  tell({accepted(1, 300), accepted(2, 100), accepted(3, 200), accepted(4, 200)});
  EXPECT_EQ(listed(query()), "call-2 call-3 call-4 call-1");
  EXPECT_EQ(listed(query(Order::kDescending)), "call-1 call-4 call-3 call-2");
}

TEST_F(List, HoldsTheNamedCallsOfOneFunction) {
  Accepted elsewhere = accepted(2, 100);
  elsewhere.function = kOther;
  tell({accepted(1, 100), elsewhere, accepted(3, 100, ""), finished(3, 110, Settlement::kFailed)});
  EXPECT_EQ(listed(query()), "call-1");
}

TEST_F(List, PagesMeetEveryCallOnceBothWays) {
  std::vector<Fact> facts;
  std::string up;
  std::string down;
  for (std::uint64_t i = 0; i < 53; ++i) {
    facts.emplace_back(accepted(i, 100 + static_cast<std::int64_t>(i / 7)));  // many at once
    const std::string name = "call-" + std::to_string(i);
    up += (i == 0 ? "" : " ") + name;
    down = name + (i == 0 ? "" : " ") + down;
  }
  tell(facts);
  for (const std::uint32_t limit : {1U, 2U, 7U, 52U, 53U, 54U}) {
    ListQuery ask = query();
    ask.limit = limit;
    EXPECT_EQ(all_pages(ask), up) << limit;
    ask.order = Order::kDescending;
    EXPECT_EQ(all_pages(ask), down) << limit;
  }
}

TEST_F(List, TheLastPageHasNoToken) {
  tell({accepted(1, 100), accepted(2, 101)});
  ListQuery ask = query();
  ask.limit = 2;
  EXPECT_EQ(page(ask).next_token, "") << "exactly full, and nothing follows";
  ask.limit = 1;
  EXPECT_NE(page(ask).next_token, "");
  ask.name_prefix = "call-1";
  EXPECT_EQ(page(ask).next_token, "") << "what follows does not match";
  ask.name_prefix.clear();
  ask.qualifier = "";
  Accepted live = accepted(3, 102);
  live.qualifier = "live";
  tell({live});
  ask.limit = 2;
  EXPECT_EQ(page(ask).next_token, "") << "what follows does not match";
}

TEST_F(List, PagesAreStableUnderNewArrivalsEndsAndRemovals) {
  for (std::uint64_t i = 1; i <= 6; ++i) tell({accepted(i, 100 * static_cast<std::int64_t>(i))});
  ListQuery ask = query(Order::kDescending);
  ask.limit = 2;
  Page first = page(ask);
  EXPECT_EQ(names(first.records), "call-6 call-5");
  tell({accepted(7, 700), accepted(8, 600)});  // newer, and just as new
  tell({finished(4, 900), finished(5, 900, Settlement::kFailed)});
  ASSERT_EQ(*history->purge({call(5)}), 1U);  // where the page ended
  ask.token = first.next_token;
  Page second = page(ask);
  EXPECT_EQ(names(second.records), "call-4 call-3");
  reopen();
  ask.token = second.next_token;
  EXPECT_EQ(names(page(ask).records), "call-2 call-1");
}

TEST_F(List, FiltersByStateUnderWayOnesToo) {
  std::vector<Fact> facts;
  for (std::uint64_t i = 0; i < 10; ++i) facts.emplace_back(accepted(i, 100));
  tell(facts);
  show({Dequeued{call(1), at(110)}, Dequeued{call(2), at(110)}, Started{call(2), at(120), "i"},
        Dequeued{call(3), at(110)}, Stopping{call(3), at(130)}});
  Attempted retry;
  retry.id = call(4);
  retry.due = at(500);
  tell({retry, finished(5, 140), finished(6, 140, Settlement::kFailed),
        finished(7, 140, Settlement::kStopped), finished(8, 140, Settlement::kExpired),
        finished(9, 140, Settlement::kInvalid)});
  const std::vector<std::pair<CallState, std::string>> wanted = {
      {CallState::kEnqueued, "call-0"}, {CallState::kDequeued, "call-1"},
      {CallState::kRunning, "call-2"},  {CallState::kStopping, "call-3"},
      {CallState::kRetrying, "call-4"}, {CallState::kSucceeded, "call-5"},
      {CallState::kFailed, "call-6"},   {CallState::kStopped, "call-7"},
      {CallState::kExpired, "call-8"},  {CallState::kInvalid, "call-9"}};
  ASSERT_EQ(wanted.size(), kCallStates);
  for (const auto& [state, name] : wanted) {
    ListQuery ask = query();
    ask.state = state;
    EXPECT_EQ(all_pages(ask), name) << name_of(state);
    ask.name_prefix = "call-";
    EXPECT_EQ(all_pages(ask), name) << name_of(state);
  }
}

TEST_F(List, PagesThroughWhatRuns) {
  std::vector<Fact> facts;
  std::vector<Fact> shown;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    facts.emplace_back(accepted(i, 100));
    shown.emplace_back(Started{call(i), at(110), "i"});
  }
  tell(facts);
  show(shown);
  ListQuery ask = query(Order::kDescending);
  ask.state = CallState::kRunning;
  ask.limit = 2;
  EXPECT_EQ(all_pages(ask), "call-5 call-4 call-3 call-2 call-1");
}

TEST_F(List, FiltersByStartInclusively) {
  tell({accepted(1, 10), accepted(2, 20), accepted(3, 30), accepted(4, 40)});
  succeed(1, 100);
  succeed(2, 200);
  show({Dequeued{call(3), at(299)}, Started{call(3), at(300), "i"}});
  ListQuery ask = query();
  ask.started_begin = at(200);
  EXPECT_EQ(listed(ask), "call-2 call-3") << "one of them runs";
  ask.started_end = at(200);
  EXPECT_EQ(listed(ask), "call-2");
  ask.started_begin.reset();
  EXPECT_EQ(listed(ask), "call-1 call-2") << "what was never started has no such time";
  ask.started_end = at(99);
  EXPECT_EQ(listed(ask), "");
}

TEST_F(List, FiltersByPrefix) {
  tell({accepted(1, 300, "job-a1"), accepted(2, 200, "job-b1"), accepted(3, 100, "job-a2"),
        accepted(4, 50, "job"), accepted(5, 60, "joc"), accepted(6, 70, "job-a")});
  ListQuery ask = query();
  ask.name_prefix = "job-a";
  EXPECT_EQ(listed(ask), "job-a job-a2 job-a1");
  ask.order = Order::kDescending;
  ask.limit = 1;
  EXPECT_EQ(all_pages(ask), "job-a1 job-a2 job-a");
  for (const char* hostile : {"%", "_", "*", "JOB", "'", "job-a%"}) {
    ask.name_prefix = hostile;
    EXPECT_EQ(listed(ask), "") << hostile;
  }
}

TEST_F(List, FiltersByPrefixAmongMoreNamesThanAreSorted) {
  std::vector<Fact> facts;
  for (std::uint64_t i = 0; i < 10'050; ++i)
    facts.emplace_back(accepted(i, 100'000 - static_cast<std::int64_t>(i)));
  facts.emplace_back(accepted(20'000, 1, "other"));
  tell(facts);
  ListQuery ask = query();
  ask.name_prefix = "call-";
  ask.limit = 2;
  EXPECT_EQ(listed(ask), "call-10049 call-10048");
}

TEST_F(List, FiltersByQualifierOrNot) {
  Accepted live = accepted(1, 100);
  live.qualifier = "live";
  tell({live, accepted(2, 200)});
  ListQuery ask = query();
  EXPECT_EQ(listed(ask), "call-1 call-2");
  ask.qualifier = "live";
  EXPECT_EQ(listed(ask), "call-1");
  ask.qualifier = "";
  EXPECT_EQ(listed(ask), "call-2");
}

TEST_F(List, PayloadIsThereOnRequest) {
  Accepted fact = accepted(1, 100);
  fact.event = "in";
  Finished end = finished(1, 110);
  end.result = "out";
  tell({fact, end});
  EXPECT_EQ(page(query()).records.at(0).event, "");
  ListQuery ask = query();
  ask.payload = Payload::kWith;
  const Page with = page(ask);
  EXPECT_EQ(with.records.at(0).event, "in");
  EXPECT_EQ(with.records.at(0).result, "out");
}

TEST_F(List, APageOfLargePayloadsIsShortAndIsFollowed) {
  std::vector<Fact> facts;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Finished end = finished(i, 110);
    end.result.assign(1UL << 20, 'r');
    facts.emplace_back(accepted(i, 100));
    facts.emplace_back(end);
  }
  tell(facts);
  ListQuery ask = query();
  ask.limit = 20;
  ask.payload = Payload::kWith;
  const Page first = page(ask);
  EXPECT_EQ(first.records.size(), 17U);
  ask.token = first.next_token;
  EXPECT_EQ(names(page(ask).records), "call-17 call-18 call-19");
}

TEST_F(List, OneQuestionLooksAtSoManyRowsAndGoesOnWithTheNext) {
  Accepted oldest = accepted(0, 1, "oldest");
  oldest.qualifier = "live";
  std::vector<Fact> facts{oldest};
  for (std::uint64_t i = 1; i <= kRowsLookedAtMax; ++i) facts.emplace_back(accepted(i, 2));
  tell(facts);
  ListQuery ask = query(Order::kDescending);
  ask.qualifier = "live";
  const Page first = page(ask);
  EXPECT_EQ(names(first.records), "");
  ASSERT_NE(first.next_token, "");
  ask.token = first.next_token;
  const Page second = page(ask);
  EXPECT_EQ(names(second.records), "oldest");
  EXPECT_EQ(second.next_token, "");
}

TEST_F(List, LimitsOutOfBoundsAreRefused) {
  ListQuery ask = query();
  for (const std::uint32_t limit : {0U, kPageMax + 1}) {
    ask.limit = limit;
    const Result<Page> refused = history->list(ask);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
  ask.limit = kPageMax;
  EXPECT_TRUE(history->list(ask));
}

TEST_F(List, ATokenOfAnotherQueryIsRefused) {
  tell({accepted(1, 100), accepted(2, 101)});
  ListQuery ask = query();
  ask.limit = 1;
  const std::string token = page(ask).next_token;
  std::vector<ListQuery> others(8, ask);
  others[0].function = kOther;
  others[1].qualifier = "";
  others[2].state = CallState::kEnqueued;
  others[3].started_begin = at(0);
  others[4].started_end = at(0);
  others[5].name_prefix = "c";
  others[6].order = Order::kDescending;
  others[7].limit = 1;
  for (std::size_t i = 0; i < 7; ++i) {
    others[i].token = token;
    const Result<Page> refused = history->list(others[i]);
    ASSERT_FALSE(refused) << i;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
  FailedQuery failed;
  failed.token = token;
  EXPECT_FALSE(history->list_failed(failed));
  for (const std::string& garbage :
       {std::string("x"), token + "0", token.substr(1), "-" + token.substr(1),
        token.substr(0, 47) + "g", std::string(48, '\0')}) {
    ask.token = garbage;
    EXPECT_FALSE(history->list(ask)) << garbage;
  }
  ask.token = token;
  ask.limit = 50;
  ask.payload = Payload::kWith;
  EXPECT_TRUE(history->list(ask)) << "how much is shown may change";
}

TEST_F(List, FailedOnesOfAFunctionAndOfAllNamedOrNot) {
  Accepted elsewhere = accepted(3, 300);
  elsewhere.function = kOther;
  tell({accepted(1, 100), accepted(2, 200, ""), elsewhere, accepted(4, 400), accepted(5, 500),
        accepted(6, 600), finished(1, 900, Settlement::kFailed),
        finished(2, 900, Settlement::kExpired), finished(3, 900, Settlement::kFailed),
        finished(4, 900, Settlement::kSucceeded), finished(5, 900, Settlement::kStopped)});
  FailedQuery ask;
  ask.order = Order::kAscending;
  EXPECT_EQ(names(page(ask).records), "call-1 - call-3");
  ask.limit = 1;
  EXPECT_EQ(all_pages(ask), "call-1 - call-3");
  ask.order = Order::kDescending;
  EXPECT_EQ(all_pages(ask), "call-3 - call-1");
  ask.function = kFunction;
  EXPECT_EQ(all_pages(ask), "- call-1");
}

TEST_F(List, AFailedCallIsTakenOnceUntilItIsPutBackOrPurged) {
  tell({accepted(1, 100), accepted(2, 200), accepted(3, 300), finished(1, 900, Settlement::kFailed),
        finished(2, 900, Settlement::kFailed), finished(3, 900, Settlement::kFailed)});
  FailedQuery ask;
  ask.order = Order::kAscending;
  ask.limit = 2;
  EXPECT_EQ(names(history->take_failed(ask)->records), "call-1 call-2");
  const Page other = history->take_failed(ask).value();
  EXPECT_EQ(names(other.records), "");
  EXPECT_FALSE(other.next_token.empty()) << "a page may be short and yet be followed";
  EXPECT_EQ(names(page(ask).records), "call-1 call-2") << "they are shown all the same";
  history->put_back({call(1)});
  ASSERT_TRUE(history->purge({call(2)}));
  ask.limit = 3;
  EXPECT_EQ(names(history->take_failed(ask)->records), "call-1 call-3");
}

TEST_F(List, AFailedCallCanBeRunAgainFromItsRecord) {
  Accepted fact = accepted(1, 100, "");
  fact.qualifier = "live";
  fact.event = std::string("\0\xff", 2);
  tell({fact, finished(1, 110, Settlement::kFailed)});
  FailedQuery ask;
  ask.payload = Payload::kWith;
  const Page found = page(ask);
  ASSERT_EQ(found.records.size(), 1U);
  EXPECT_EQ(found.records[0].function, kFunction);
  EXPECT_EQ(found.records[0].qualifier, "live");
  EXPECT_EQ(found.records[0].event, fact.event);
}

TEST_F(List, FunctionsWithHistoryInPages) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    for (std::uint64_t j = 0; j < 3; ++j) {
      Accepted fact = accepted(10 * i + j, 100);
      fact.function = FunctionId{i};
      tell({fact});
    }
  }
  Accepted nameless = accepted(99, 100, "");
  nameless.function = FunctionId{6};
  tell({nameless, finished(99, 110, Settlement::kFailed)});
  using Functions = std::vector<FunctionId>;
  EXPECT_EQ(*history->functions_with_history(FunctionId{0}, 3),
            (Functions{FunctionId{1}, FunctionId{2}, FunctionId{3}}));
  EXPECT_EQ(*history->functions_with_history(FunctionId{3}, 3),
            (Functions{FunctionId{4}, FunctionId{5}}));
}

}  // namespace
}  // namespace convoke::history
