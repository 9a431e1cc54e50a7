#include "core/dispatch/host_places.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

const CallId kCall = CallId::from_random(1, 2);
constexpr WallTime kDeadline{Seconds{1'000}};

struct HostPlacesTest : testing::Test {
  static Function function(std::uint32_t concurrency, Runtime runtime = Runtime::kCustom) {
    Function made;
    made.id = FunctionId{7};
    made.spec.runtime = runtime;
    made.spec.instance_concurrency = concurrency;
    return made;
  }
  [[nodiscard]] LineageToken opened(const std::optional<CarriedLineage>& carried) const {
    return *seal.open(view_of(carried->token));
  }

  LineageSeal seal{"key"};
  RunningCalls running{Rng::seeded(1)};
  LineageWorld world{&seal, &running};
};

TEST_F(HostPlacesTest, ACallCarriesItselfAndIsSeenToRunUntilItsCallerIsAnswered) {
  HostPlaces places(world, function(1));
  const PlaceTag place = places.take();
  const Lineage lineage = root_lineage(kCall, FunctionId{7});
  const auto carried = places.begin(place, kCall, lineage, kDeadline);
  const LineageToken token = opened(carried);
  EXPECT_EQ(token.call, kCall);
  EXPECT_EQ(token.place, place);
  EXPECT_EQ(token.deadline, kDeadline);
  EXPECT_EQ(token.lineage, lineage);
  EXPECT_EQ(carried->trace, kCall.bytes());
  EXPECT_EQ(running.at(place)->call, kCall);
  places.end(place);
  EXPECT_EQ(running.at(place)->call, CallId{});
}

TEST_F(HostPlacesTest, OneCallAtATimeHasOnePlaceWhichItsFirstStepsHadAlready) {
  HostPlaces places(world, function(1));
  const LineageToken before = opened(places.before_calls());
  EXPECT_EQ(before.call, CallId{});
  EXPECT_EQ(last_hop(before.lineage), tag_of(FunctionId{7}));
  for (int i = 0; i < 3; ++i) {
    const PlaceTag place = places.take();
    EXPECT_EQ(place, before.place);
    EXPECT_TRUE(running.at(place)->alone);
    places.free(place);
  }
}

TEST_F(HostPlacesTest, SeveralCallsHavePlacesOfTheirOwnAndFirstStepsNone) {
  HostPlaces places(world, function(2));
  EXPECT_EQ(opened(places.before_calls()).place, PlaceTag{});
  const PlaceTag one = places.take();
  const PlaceTag two = places.take();
  EXPECT_NE(one, two);
  EXPECT_FALSE(running.at(one)->alone);
  places.free(one);
  EXPECT_EQ(places.take(), one);
}

TEST_F(HostPlacesTest, ACallersOwnTraceIsKept) {
  HostPlaces places(world, function(1));
  Lineage lineage = root_lineage(kCall, FunctionId{7});
  lineage.trace.fill(9);
  EXPECT_EQ(places.begin(places.take(), kCall, lineage, kDeadline)->trace, lineage.trace);
}

TEST_F(HostPlacesTest, AtItsEndNothingRunsThere) {
  PlaceTag place;
  {
    HostPlaces places(world, function(1));
    place = places.take();
    (void)places.begin(place, kCall, root_lineage(kCall, FunctionId{7}), kDeadline);
  }
  EXPECT_FALSE(running.at(place));
}

TEST_F(HostPlacesTest, NothingIsMintedForWhoCannotCarryIt) {
  HostPlaces callable(world, function(1, Runtime::kInProcess));
  HostPlaces without({}, function(1));
  for (HostPlaces* places : {&callable, &without}) {
    EXPECT_FALSE(places->before_calls());
    const PlaceTag place = places->take();
    EXPECT_EQ(place, PlaceTag{});
    EXPECT_FALSE(places->begin(place, kCall, Lineage{}, kDeadline));
    places->end(place);
    places->free(place);
  }
}

}  // namespace
}  // namespace convoke
