// When a shard says that it rests, in stepped real time.
#include "core/shard_time.h"

#include <gtest/gtest.h>

#include <optional>

namespace convoke {
namespace {

class SteppedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override { return WallTime{}; }
  Instant now_{Seconds{1000}};
};

struct OneShard {
  void look(Millis patience = Millis{1000}) {
    heard.reset();
    time.look(patience, [this](const Rest& rest) { heard = rest; });
  }
  // A turn ends. Whether the look was answered in it.
  bool turn(std::vector<CallId> inside, bool moving = false) {
    time.end_of_turn({moving, 0, std::move(inside)});
    return heard.has_value();
  }
  void pass(Millis real) {
    clock.now_ += real;
    wheel.advance(clock.now_);
  }

  SteppedClock clock;
  TimerWheel wheel{Instant{}};
  ShardTime time{clock, wheel, TimeOrigin{Instant{}, WallTime{}}};
  std::optional<Rest> heard;
};

const CallId kCall = CallId::from_random(1, 1);
const CallId kOther = CallId::from_random(2, 2);

TEST(ShardTime, IdleShardRestsAtOnce) {
  OneShard shard;
  shard.look();
  ASSERT_TRUE(shard.turn({}));
  EXPECT_TRUE(shard.heard->at_rest);
  EXPECT_EQ(shard.heard->next, std::nullopt);
}

TEST(ShardTime, CallInsideAnInstanceHasItsPatienceInRealTimeAndNoMore) {
  OneShard shard;
  shard.look();
  EXPECT_FALSE(shard.turn({kCall}));
  EXPECT_EQ(shard.wheel.next_wakeup().has_value(), true);
  shard.pass(Millis{999});
  EXPECT_FALSE(shard.turn({kCall}));
  shard.pass(Millis{1});
  ASSERT_TRUE(shard.turn({kCall}));
  EXPECT_TRUE(shard.heard->at_rest);
}

TEST(ShardTime, PatienceIsGivenOncePerCallAndNotPerStep) {
  OneShard shard;
  shard.look();
  shard.turn({kCall});
  shard.pass(Millis{1000});
  ASSERT_TRUE(shard.turn({kCall}));
  shard.look();
  EXPECT_TRUE(shard.turn({kCall}));
  shard.look();
  EXPECT_FALSE(shard.turn({kCall, kOther}));  // a new one
}

TEST(ShardTime, NextAttemptOfACallHasPatienceOfItsOwn) {
  OneShard shard;
  shard.look();
  shard.turn({kCall});
  shard.pass(Millis{1000});
  ASSERT_TRUE(shard.turn({kCall}));
  shard.look();
  ASSERT_TRUE(shard.turn({}));
  shard.look();
  EXPECT_FALSE(shard.turn({kCall}));
}

TEST(ShardTime, WhatMovesByItselfIsWaitedForButNotForEver) {
  OneShard shard;
  shard.look();
  EXPECT_FALSE(shard.turn({}, true));
  shard.pass(Millis{kRestMax} - Millis{1});
  EXPECT_FALSE(shard.turn({}, true));
  shard.pass(Millis{1});
  ASSERT_TRUE(shard.turn({}, true));
  EXPECT_FALSE(shard.heard->at_rest);
}

TEST(ShardTime, TimerThatFellDueIsNotRest) {
  OneShard shard;
  bool fired = false;
  Timer timer(&fired, [](void* it) { *static_cast<bool*>(it) = true; });
  shard.time.time().timers().schedule(timer, Instant{Millis{5}});
  shard.time.time().move_to(Millis{5});
  shard.look();
  EXPECT_FALSE(shard.turn({}));
  shard.time.time().fire_due();
  EXPECT_TRUE(fired);
  EXPECT_TRUE(shard.turn({}));
}

}  // namespace
}  // namespace convoke
