#include "core/edge/timer_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace convoke {
namespace {

constexpr Instant kStart{Seconds{5}};

Instant at(std::int64_t ms) { return kStart + Millis{ms}; }

// A timer that does what it is told when it fires.
struct Alarm {
  explicit Alarm(std::function<void()> then) : action(std::move(then)) {}
  std::function<void()> action;
  Timer timer{this, [](void* self) {
                const auto run = static_cast<Alarm*>(self)->action;  // survives our destruction
                run();
              }};
};

class TimerWheelTest : public testing::Test {
 protected:
  Alarm& add(std::function<void()> action = [] {}) {
    alarms_.push_back(std::make_unique<Alarm>(std::move(action)));
    return *alarms_.back();
  }
  Alarm& logs(const std::string& name) {
    return add([this, name] { log_ += name; });
  }

  TimerWheel wheel_{kStart};
  std::string log_;
  std::vector<std::unique_ptr<Alarm>> alarms_;
};

TEST_F(TimerWheelTest, NeverFiresEarlyAndAtMostOneTickLate) {
  wheel_.schedule(logs("a").timer, kStart + Duration{1'000'001});
  EXPECT_EQ(wheel_.advance(at(1)), 0U);
  EXPECT_EQ(wheel_.advance(at(2) - Duration{1}), 0U);
  EXPECT_EQ(wheel_.next_wakeup(), at(2));
  EXPECT_EQ(wheel_.advance(at(2)), 1U);
  EXPECT_EQ(wheel_.size(), 0U);
  EXPECT_EQ(wheel_.next_wakeup(), std::nullopt);
}

TEST_F(TimerWheelTest, FiresInOrderOfTickThenOfScheduling) {
  wheel_.schedule(logs("d").timer, at(100'000));
  wheel_.schedule(logs("b").timer, at(70));
  wheel_.schedule(logs("a").timer, at(3));
  wheel_.schedule(logs("c").timer, at(70));
  wheel_.advance(at(69));
  wheel_.schedule(logs("e").timer, at(100'000));
  wheel_.advance(at(1'000'000));
  EXPECT_EQ(log_, "abcde");
}

TEST_F(TimerWheelTest, APastDueTimeFiresAtTheNextAdvance) {
  wheel_.advance(at(10));
  wheel_.schedule(logs("now").timer, at(10));
  wheel_.schedule(logs("past").timer, at(-2000));
  EXPECT_EQ(wheel_.next_wakeup(), at(10));
  EXPECT_EQ(wheel_.advance(at(10)), 2U);
  EXPECT_EQ(log_, "nowpast");
}

TEST_F(TimerWheelTest, NeverIsScheduledAndNeverFires) {
  Alarm& alarm = logs("x");
  wheel_.schedule(alarm.timer, kNever);
  EXPECT_TRUE(alarm.timer.scheduled());
  EXPECT_EQ(wheel_.size(), 1U);
  EXPECT_EQ(wheel_.next_wakeup(), std::nullopt);
  EXPECT_EQ(wheel_.advance(kNever), 0U);
  alarm.timer.cancel();
  EXPECT_EQ(wheel_.size(), 0U);
}

TEST_F(TimerWheelTest, TheLastInstantBeforeNeverCanBeReached) {
  wheel_.schedule(logs("end").timer, kNever - Duration{1});
  while (const auto wakeup = wheel_.next_wakeup()) {
    if (*wakeup == kNever) break;  // the tick that it is rounded up to lies beyond time
    wheel_.advance(*wakeup);
  }
  EXPECT_EQ(wheel_.size(), 1U);
  wheel_.schedule(alarms_[0]->timer, kNever - Millis{2});
  while (const auto wakeup = wheel_.next_wakeup()) wheel_.advance(*wakeup);
  EXPECT_EQ(log_, "end");
}

TEST_F(TimerWheelTest, ReschedulingReplacesAndCancellingForgets) {
  Alarm& moved = logs("moved");
  Alarm& cancelled = logs("cancelled");
  wheel_.schedule(moved.timer, at(5));
  wheel_.schedule(moved.timer, at(50));
  wheel_.schedule(cancelled.timer, at(5));
  cancelled.timer.cancel();
  cancelled.timer.cancel();
  EXPECT_EQ(wheel_.size(), 1U);
  EXPECT_EQ(wheel_.advance(at(49)), 0U);
  EXPECT_EQ(wheel_.advance(at(50)), 1U);
  EXPECT_FALSE(moved.timer.scheduled());
}

TEST_F(TimerWheelTest, ACallbackMayRescheduleItselfButNotIntoTheSameAdvance) {
  Alarm* again = nullptr;
  again = &add([&] {
    log_ += "x";
    wheel_.schedule(again->timer, at(0));
  });
  wheel_.schedule(again->timer, at(1));
  EXPECT_EQ(wheel_.advance(at(9)), 1U);
  EXPECT_EQ(wheel_.advance(at(9)), 1U);
  EXPECT_EQ(log_, "xx");
}

TEST_F(TimerWheelTest, WhatACallbackSchedulesForThePastOfTheAdvanceWaitsForTheNext) {
  Alarm& second = logs("second");
  Alarm& first = add([&] { wheel_.schedule(second.timer, at(4)); });
  wheel_.schedule(first.timer, at(1));
  EXPECT_EQ(wheel_.advance(at(9)), 1U);
  EXPECT_EQ(wheel_.advance(at(9)), 1U);
}

TEST_F(TimerWheelTest, ACallbackMayDestroyItselfAndOthersOfItsTick) {
  auto victim = std::make_unique<Alarm>([this] { log_ += "never"; });
  auto later = std::make_unique<Alarm>([this] { log_ += "never"; });
  std::unique_ptr<Alarm> killer;
  killer = std::make_unique<Alarm>([&] {
    log_ += "killed ";
    victim.reset();
    later.reset();
    killer.reset();
  });
  wheel_.schedule(killer->timer, at(100));
  wheel_.schedule(victim->timer, at(100));
  wheel_.schedule(logs("survivor").timer, at(100));
  wheel_.schedule(later->timer, at(101));
  EXPECT_EQ(wheel_.advance(at(200)), 2U);
  EXPECT_EQ(log_, "killed survivor");
  EXPECT_EQ(wheel_.size(), 0U);
}

TEST_F(TimerWheelTest, ACallbackMayMoveAnotherOfItsTick) {
  Alarm& moved = logs("moved");
  Alarm& mover = add([&] { wheel_.schedule(moved.timer, at(300)); });
  wheel_.schedule(mover.timer, at(100));
  wheel_.schedule(moved.timer, at(100));
  EXPECT_EQ(wheel_.advance(at(299)), 1U);
  EXPECT_EQ(wheel_.advance(at(300)), 1U);
}

TEST(TimerWheel, DestroyingItCancelsWhatIsScheduled) {
  auto wheel = std::make_unique<TimerWheel>(kStart);
  Alarm near([] { FAIL(); });
  Alarm far([] { FAIL(); });
  Alarm never([] { FAIL(); });
  wheel->schedule(near.timer, at(-1));
  wheel->schedule(far.timer, at(86'400'000));
  wheel->schedule(never.timer, kNever);
  wheel.reset();
  EXPECT_FALSE(near.timer.scheduled());
  EXPECT_FALSE(far.timer.scheduled());
  EXPECT_FALSE(never.timer.scheduled());
}

TEST(TimerWheel, ATimerMayMoveToAnotherWheel) {
  TimerWheel first(kStart);
  TimerWheel second(kStart);
  int fired = 0;
  Alarm alarm([&] { ++fired; });
  first.schedule(alarm.timer, at(5));
  second.schedule(alarm.timer, at(5));
  EXPECT_EQ(first.size(), 0U);
  EXPECT_EQ(first.advance(at(9)), 0U);
  EXPECT_EQ(second.advance(at(9)), 1U);
  EXPECT_EQ(fired, 1);
}

struct Session {
  void on_idle() { ++idle; }
  int idle = 0;
  Timer timer = timer_for<&Session::on_idle>(this);
};

TEST(TimerWheel, TimerForCallsAMember) {
  TimerWheel wheel(kStart);
  Session session;
  wheel.schedule(session.timer, at(1));
  wheel.advance(at(1));
  EXPECT_EQ(session.idle, 1);
}

TEST(TimerWheelDeathTest, TimeNeverRunsBackwards) {
  TimerWheel wheel(kStart);
  wheel.advance(at(10));
  EXPECT_DEATH(wheel.advance(at(9)), "broken promise");
}

}  // namespace
}  // namespace convoke
