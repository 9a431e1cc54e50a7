// Ids of timers' firings.
#include "core/model/firing.h"

#include <gtest/gtest.h>

#include <set>

namespace convoke {
namespace {

constexpr WallTime kDue = wall_from_ms(1'518'155'340'000);

TEST(Firing, AnIdSaysWhichTriggerAndWhichDueTime) {
  for (const std::uint64_t trigger : {1UL, 77UL, (1UL << 62) - 1}) {
    const Firing firing{trigger, kDue};
    EXPECT_EQ(firing_of(firing_id(firing)), firing);
    EXPECT_EQ(firing_of(*CallId::parse(firing_id(firing).text())), firing);
  }
}

TEST(Firing, NoOtherIdPassesForOne) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(firing_of(CallId::made_at(kDue, i * 0x9e3779b97f4a7c15, i)), std::nullopt);
    EXPECT_EQ(firing_of(CallId::from_random(i * 0x9e3779b97f4a7c15, i)), std::nullopt);
  }
  EXPECT_EQ(firing_of(CallId()), std::nullopt);
}

TEST(Firing, IdsBeginWithTheDueTime) {
  EXPECT_LT(firing_id({9, kDue}), firing_id({1, kDue + Millis{1}}));
  EXPECT_EQ(firing_id({9, kDue}).text().substr(0, 15), "0161791c-18e0-8");
}

TEST(Firing, IdsOfOneTriggerAreSpreadAsOtherIdsAre) {
  std::set<std::size_t> buckets;
  for (int second = 0; second < 1000; ++second) {
    buckets.insert(std::hash<CallId>{}(firing_id({7, kDue + Seconds{second}})) % 1009);
  }
  EXPECT_GT(buckets.size(), 550U);  // at random: 63 %
}

}  // namespace
}  // namespace convoke
