#include "core/dispatch/call_window.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

using Ended = CallWindow::Ended;

class CallWindowTest : public ::testing::Test {
 protected:
  void end(Ended how, std::uint32_t calls = 1, Duration took = Millis{5}) {
    for (std::uint32_t i = 0; i < calls; ++i) window.ended(how, took, now, rng);
  }
  // As many calls as there may be begin and end so.
  void turn(Ended how, Duration took = Millis{5}) {
    const std::uint32_t calls = std::min<std::uint32_t>(window.room(now), 64);
    window.began(calls);
    end(how, calls, took);
  }
  CallWindow window;
  Rng rng = Rng::seeded(3);
  Instant now{};
};

TEST_F(CallWindowTest, IsOpenAsLongAsNothingIsWrong) {
  for (int i = 0; i < 100; ++i) {
    turn(Ended::kWell);
    turn(Ended::kOtherwise);
  }
  EXPECT_EQ(window.room(now), kWindowOpen);
  EXPECT_EQ(window.cuts(), 0U);
}

TEST_F(CallWindowTest, AllThatAreRefusedTogetherHalveItOnce) {
  window.began(64);
  end(Ended::kOverloaded, 64);
  EXPECT_EQ(window.limit(), 32U);
  turn(Ended::kOverloaded);
  EXPECT_EQ(window.limit(), 16U);
  EXPECT_EQ(window.cuts(), 2U);
}

TEST_F(CallWindowTest, ThoseUnderWayCountAgainstIt) {
  window.began(64);
  end(Ended::kOverloaded, 30);
  EXPECT_EQ(window.room(now), 0U) << "34 are under way, of which there should be 32";
  end(Ended::kOtherwise, 4);
  EXPECT_EQ(window.room(now), 2U);
}

TEST_F(CallWindowTest, ThoseAskedForBeforeItWasCutSayNothingNew) {
  window.began(1);
  end(Ended::kOverloaded);
  const Instant paused_until = window.paused_until();
  window.began(18);
  now = paused_until;
  end(Ended::kOverloaded, 18);
  EXPECT_EQ(window.cuts(), 1U);
  EXPECT_EQ(window.paused_until(), paused_until);
  EXPECT_EQ(window.room(now), 1U);
}

TEST_F(CallWindowTest, EachWindowOfSuccessesLetsOneMoreIn) {
  window.began(64);
  end(Ended::kOverloaded, 64);
  turn(Ended::kWell);
  EXPECT_EQ(window.limit(), 33U);
  turn(Ended::kWell);
  EXPECT_EQ(window.limit(), 34U);
  turn(Ended::kOtherwise);
  EXPECT_EQ(window.limit(), 34U) << "errors are neither";
}

TEST_F(CallWindowTest, TwiceWhatWasTooMuchLiftsIt) {
  window.began(8);
  end(Ended::kOverloaded, 8);
  for (std::uint32_t limit = 4; limit <= 16; ++limit) {
    EXPECT_EQ(window.limit(), limit);
    turn(Ended::kWell);
  }
  EXPECT_TRUE(window.open());
}

TEST_F(CallWindowTest, WhatWasTooMuchIsForgottenInTime) {
  window.began(64);
  end(Ended::kOverloaded, 64);
  now += kOverloadForgotten;
  window.forget(now - Millis{1});
  EXPECT_FALSE(window.open());
  window.forget(now);
  EXPECT_TRUE(window.open());
}

TEST_F(CallWindowTest, NeverFallsBelowOneAndThenPausesEachTwiceAsLongAsTheLast) {
  window.began(1);
  end(Ended::kOverloaded);
  for (Duration pause = kOverloadPauseFirst; pause <= kOverloadPauseMax; pause *= 2) {
    EXPECT_EQ(window.limit(), 1U);
    EXPECT_EQ(window.room(now), 0U);
    EXPECT_GE(window.paused_until(), now + pause / 2);
    EXPECT_LE(window.paused_until(), now + pause);
    now = window.paused_until();
    EXPECT_EQ(window.room(now), 1U);
    turn(Ended::kOverloaded);
  }
  EXPECT_LE(window.paused_until(), now + kOverloadPauseMax);
  now = window.paused_until();
  turn(Ended::kWell);
  EXPECT_EQ(window.room(now), 2U) << "one that has room again makes no pause";
}

TEST_F(CallWindowTest, AFunctionIsAskedSixTimesAMinuteAtLeastAndThirtyAtMostWhileItIsDead) {
  window.began(64);
  end(Ended::kOverloaded, 64);
  int asked = 64;
  for (const Instant end_of_outage = now + Seconds{60}; now < end_of_outage;) {
    if (window.room(now) == 0) now = window.paused_until();
    asked += static_cast<int>(window.room(now));
    turn(Ended::kOverloaded);
  }
  EXPECT_LE(asked, 64 + 32 + 16 + 8 + 4 + 2 + 30);
  EXPECT_GE(asked, 64 + 32 + 16 + 8 + 4 + 2 + 6);
}

TEST_F(CallWindowTest, AFunctionSomeOfWhoseCallsAreAThousandTimesSlowerIsNotSlow) {
  for (int i = 0; i < 10'000; ++i) {
    window.began(32);
    for (int call = 0; call < 32; ++call) {
      end(Ended::kWell, 1,
          rng.one_in(2) ? Millis{2} : Millis{static_cast<std::int64_t>(2 + rng.below(2000))});
    }
  }
  EXPECT_EQ(window.cuts(), 0U);
}

TEST_F(CallWindowTest, OneThatIsSlowThroughoutIsHalvedOnceAndWhatWasSeenIsTheNewMeasure) {
  const auto twenty_windows_that_take = [&](Duration took) {
    for (int i = 0; i < 20; ++i) {
      const std::uint32_t calls = std::min<std::uint32_t>(window.room(now), 32);
      window.began(calls);
      end(Ended::kWell, calls, took);
    }
  };
  twenty_windows_that_take(Millis{50});
  EXPECT_TRUE(window.open());
  twenty_windows_that_take(Millis{500});
  EXPECT_EQ(window.cuts(), 1U);
  EXPECT_GT(window.limit(), 2U);
  twenty_windows_that_take(Millis{600});
  EXPECT_EQ(window.cuts(), 1U);
}

TEST_F(CallWindowTest, AFewMillisecondsAreNotSlowHoweverManyTimesTheFastest) {
  for (int i = 0; i < 10; ++i) {
    window.began(32);
    end(Ended::kWell, 32, i < 5 ? Duration{Millis{1}} : Duration{Millis{90}});
  }
  EXPECT_EQ(window.cuts(), 0U);
}

}  // namespace
}  // namespace convoke
