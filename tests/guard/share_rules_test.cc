#include "core/guard/shared/share_rules.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

Demand saturated(std::uint32_t places) { return {places, places, true}; }
Demand idle(std::uint32_t places) { return {places, 0, false}; }

TEST(ShareRules, WhoHasNothingAsksForOneAndThenForTwiceAsMuch) {
  EXPECT_EQ(places_wanted(saturated(0), 0, 100), 1U);
  EXPECT_EQ(places_wanted(saturated(1), 1, 100), 2U);
  EXPECT_EQ(places_wanted(saturated(2), 2, 100), 4U);
  EXPECT_EQ(places_wanted(saturated(64), 64, 100), 100U);
}

TEST(ShareRules, NobodyAsksForMoreWhileThereIsSome) {
  EXPECT_EQ(places_wanted(saturated(1), 4, 100), 2U) << "what it has, and one for who waits";
  EXPECT_EQ(places_wanted(idle(3), 4, 100), 3U) << "what no instance has goes back";
  EXPECT_EQ(places_wanted(idle(0), 4, 100), 0U);
}

TEST(ShareRules, WhatNobodyElseWantsIsKept) {
  EXPECT_EQ(places_kept(idle(5), 5, 5, Rivals{1, 0, 0}, true), 5U);
}

TEST(ShareRules, WhatIsIdleGoesToTheHungry) {
  EXPECT_EQ(places_kept(idle(5), 5, 5, Rivals{1, 5, 1}, false), 0U);
  EXPECT_EQ(places_kept(Demand{5, 2, false}, 5, 5, Rivals{1, 1, 0}, false), 2U);
}

TEST(ShareRules, WhereAllAreHungryEachHasAnEqualPart) {
  EXPECT_EQ(places_kept(saturated(5), 5, 5, Rivals{1, 1, 1}, false), 3U);
  EXPECT_EQ(places_kept(saturated(3), 3, 5, Rivals{1, 3, 0}, true), 3U) << "and is left alone then";
  EXPECT_EQ(places_kept(saturated(9), 9, 9, Rivals{2, 6, 2}, false), 3U);
}

TEST(ShareRules, OfFewerPlacesThanEnginesEachHasATurn) {
  EXPECT_EQ(places_kept(saturated(1), 1, 1, Rivals{1, 1, 1}, false), 1U) << "it has just begun";
  EXPECT_EQ(places_kept(saturated(1), 1, 1, Rivals{1, 1, 1}, true), 0U);
}

TEST(ShareRules, AllLimitsUpToTheGreatestAreCountedRight) {
  const std::uint32_t great = 1'000'000;
  EXPECT_EQ(places_wanted(saturated(great - 1), great - 1, great), great);
  EXPECT_EQ(places_kept(saturated(great), great, great, Rivals{99, 1, 0}, true), great / 100);
}

}  // namespace
}  // namespace convoke
