// When time may be moved, and where to: scripted shards, no engine.
#include "core/advance.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

using Do = Advance::Next::Do;

Rest resting(std::uint64_t events, std::optional<Millis> next) { return {true, events, next}; }

TEST(Advance, MovesOnlyAfterTwoLooksThatAgree) {
  Advance advance(Millis{0}, Millis{100});
  EXPECT_EQ(advance.on_look({resting(1, Millis{40})}).action, Do::kLook);
  EXPECT_EQ(advance.on_look({resting(2, Millis{40})}).action, Do::kLook);
  const Advance::Next next = advance.on_look({resting(2, Millis{40})});
  EXPECT_EQ(next.action, Do::kMove);
  EXPECT_EQ(next.to, Millis{40});
}

TEST(Advance, LetterUnderWayToAShardThatRestedIsWaitedFor) {
  Advance advance(Millis{0}, Millis{100});
  EXPECT_EQ(advance.on_look({resting(1, {}), resting(5, {})}).action, Do::kLook);
  // It has come, and its answer is on its way back.
  EXPECT_EQ(advance.on_look({resting(1, {}), resting(6, {})}).action, Do::kLook);
  EXPECT_EQ(advance.on_look({resting(2, {}), resting(6, {})}).action, Do::kLook);
  EXPECT_EQ(advance.on_look({resting(2, {}), resting(6, {})}).action, Do::kMove);
}

TEST(Advance, StopsAtTheEarliestTimerOfAnyShardThenAtTheTarget) {
  Advance advance(Millis{10}, Millis{100});
  const auto rest = [&](std::optional<Millis> a, std::optional<Millis> b) {
    EXPECT_EQ(advance.on_look({resting(0, a), resting(0, b)}).action, Do::kLook);
    return advance.on_look({resting(0, a), resting(0, b)});
  };
  EXPECT_EQ(rest(Millis{50}, Millis{30}).to, Millis{30});
  EXPECT_EQ(rest(Millis{50}, {}).to, Millis{50});
  EXPECT_EQ(rest({}, Millis{1000}).to, Millis{100});
  EXPECT_EQ(rest({}, Millis{1000}).action, Do::kEnd);
  EXPECT_TRUE(advance.complete());
  EXPECT_EQ(advance.steps(), 3U);
}

TEST(Advance, FollowUpScheduledOnTheWayFiresOnTheWay) {
  Advance advance(Millis{0}, Millis{100});
  const auto rest = [&](std::optional<Millis> next) {
    EXPECT_EQ(advance.on_look({resting(0, next)}).action, Do::kLook);
    return advance.on_look({resting(0, next)}).to;
  };
  EXPECT_EQ(rest(Millis{20}), Millis{20});
  EXPECT_EQ(rest(Millis{25}), Millis{25});  // what fired at 20 asked for it
  EXPECT_EQ(rest(std::nullopt), Millis{100});
}

TEST(Advance, ByNothingStillWaitsForRest) {
  Advance advance(Millis{7}, Millis{7});
  EXPECT_EQ(advance.on_look({resting(1, Millis{9})}).action, Do::kLook);
  EXPECT_EQ(advance.on_look({resting(1, Millis{9})}).action, Do::kEnd);
  EXPECT_TRUE(advance.complete());
  EXPECT_EQ(advance.at(), Millis{7});
}

TEST(Advance, ShardThatDoesNotRestEndsItWhereItIs) {
  Advance advance(Millis{7}, Millis{100});
  EXPECT_EQ(advance.on_look({resting(1, {}), {false, 1, {}}}).action, Do::kEnd);
  EXPECT_FALSE(advance.complete());
  EXPECT_EQ(advance.at(), Millis{7});
}

TEST(Advance, EndsShortOfItsTargetWhenTooMuchIsDue) {
  Advance advance(Millis{0}, Millis{100}, 3);
  for (std::int64_t at = 1; at <= 3; ++at) {
    EXPECT_EQ(advance.on_look({resting(0, Millis{at})}).action, Do::kLook);
    EXPECT_EQ(advance.on_look({resting(0, Millis{at})}).action, Do::kMove);
  }
  EXPECT_EQ(advance.on_look({resting(0, Millis{4})}).action, Do::kLook);
  EXPECT_EQ(advance.on_look({resting(0, Millis{4})}).action, Do::kEnd);
  EXPECT_FALSE(advance.complete());
  EXPECT_EQ(advance.at(), Millis{3});
}

}  // namespace
}  // namespace convoke
