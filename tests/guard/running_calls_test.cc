#include "core/guard/running_calls.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace convoke {
namespace {

CallId call(std::uint64_t number) { return CallId::from_random(number, number); }

// All of it says `number`.
Lineage lineage(std::uint64_t number) {
  Lineage made = root_lineage(call(number), FunctionId{number % 1000 + 1});
  made.trace.fill(static_cast<std::uint8_t>(number));
  return made;
}

struct RunningCallsTest : testing::Test {
  RunningCalls calls{Rng::seeded(1)};
};

TEST_F(RunningCallsTest, APlaceSaysWhatRunsThere) {
  const PlaceTag place = calls.take(true);
  ASSERT_TRUE(calls.at(place));
  EXPECT_EQ(calls.at(place)->call, CallId{});
  EXPECT_TRUE(calls.at(place)->alone);
  calls.begin(place, call(3), lineage(3));
  EXPECT_EQ(calls.at(place)->call, call(3));
  EXPECT_EQ(calls.at(place)->lineage, lineage(3));
  EXPECT_TRUE(calls.at(place)->alone);
  calls.end(place);
  EXPECT_EQ(calls.at(place)->call, CallId{});
  EXPECT_FALSE(calls.at(calls.take(false))->alone);
}

TEST_F(RunningCallsTest, ACallsLineageIsFoundWhereverItRunsAndNotWhenItIsOver) {
  for (std::uint64_t i = 0; i < 300; ++i) static_cast<void>(calls.take(true));
  const PlaceTag place = calls.take(true);
  EXPECT_FALSE(calls.lineage_of(call(3)));
  calls.begin(place, call(3), lineage(7));
  EXPECT_EQ(calls.lineage_of(call(3)), lineage(7));
  EXPECT_FALSE(calls.lineage_of(call(7)));
  calls.end(place);
  EXPECT_FALSE(calls.lineage_of(call(3)));
}

TEST_F(RunningCallsTest, APlaceThatWasGivenBackIsNotFoundAlthoughAnotherHasItsRow) {
  const PlaceTag old = calls.take(true);
  calls.give_back(old);
  EXPECT_FALSE(calls.at(old));
  const PlaceTag next = calls.take(true);
  EXPECT_FALSE(calls.at(old));
  EXPECT_TRUE(calls.at(next));
}

TEST_F(RunningCallsTest, OfAnotherEngineNoneIsFound) {
  RunningCalls other(Rng::seeded(2));
  for (int i = 0; i < 100; ++i) static_cast<void>(other.take(true));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(other.at(calls.take(true)));
}

TEST_F(RunningCallsTest, BeyondItsMaximumCallsHaveNoPlaceAndNothingElseChanges) {
  std::set<PlaceTag> all;
  for (std::size_t i = 0; i < RunningCalls::kPlacesMax; ++i) all.insert(calls.take(true));
  EXPECT_EQ(all.size(), RunningCalls::kPlacesMax);
  const PlaceTag none = calls.take(true);
  EXPECT_EQ(none, PlaceTag{});
  calls.begin(none, call(1), lineage(1));
  calls.end(none);
  calls.give_back(none);
  EXPECT_FALSE(calls.at(none));
  calls.give_back(*all.begin());
  EXPECT_NE(calls.take(true), PlaceTag{});
}

TEST_F(RunningCallsTest, OfAFunctionsCallsTheLeastVisitedIsFoundAndNoneThatIsOver) {
  const FunctionTag tag = tag_of(FunctionId{7});
  EXPECT_FALSE(calls.least_visited(tag, tag));
  Lineage made = root_lineage(call(1), FunctionId{7});
  std::vector<PlaceTag> places;
  for (int i = 0; i < 300; ++i) {
    places.push_back(calls.take(true));
    calls.begin(places.back(), call(1), i == 0 ? lineage(3) : made);
    if (i < 100) made = child_lineage(made, call(1), FunctionId{7});
  }
  EXPECT_EQ(visits_of(*calls.least_visited(tag, tag), tag), 2);
  calls.end(places[1]);
  EXPECT_EQ(visits_of(*calls.least_visited(tag, tag), tag), 3);
}

TEST_F(RunningCallsTest, AReaderOnAnotherThreadNeverSeesHalfACall) {
  const PlaceTag place = calls.take(true);
  calls.begin(place, call(0), lineage(0));
  std::atomic<bool> read{false};
  std::thread writer([&] {
    for (std::uint64_t i = 0; !read; ++i) calls.begin(place, call(i), lineage(i));
  });
  for (int i = 0; i < 20'000; ++i) {
    const auto now = calls.at(place);
    ASSERT_TRUE(now);
    ASSERT_EQ(now->lineage.root, now->call);
    const std::uint8_t trace = now->lineage.trace[0];
    for (const std::uint8_t byte : now->lineage.trace) ASSERT_EQ(byte, trace);
  }
  read = true;
  writer.join();
}

}  // namespace
}  // namespace convoke
