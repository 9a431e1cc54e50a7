// Timers of a shard, in virtual time: what becomes due, what was missed, what is refused.
#include "core/dispatch/timers.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "core/edge/virtual_time.h"

namespace convoke {
namespace {

constexpr WallTime kStart = wall_from_ms(1'518'155'340'000);  // 2018-02-09T05:49:00Z

class FakeClock final : public Clock {
 public:
  explicit FakeClock(const VirtualTime& time) : time_(time) {}
  [[nodiscard]] Instant now() const override { return time_.now(); }
  [[nodiscard]] WallTime wall() const override { return time_.wall() + step; }
  Millis step{};

 private:
  const VirtualTime& time_;
};

class TimersTest : public ::testing::Test {
 protected:
  void start(const std::vector<Firing>& fired = {}) { timers.start(fired); }
  void put(std::string_view expression, WallTime since = kStart, std::uint64_t trigger = 1) {
    TimerSpec timer{trigger, FunctionId{9},
                    "q",     "t" + std::to_string(trigger),
                    "p",     {*Schedule::parse(expression), since, kLateMax}};
    timers.put(std::move(timer));
  }
  // Time goes on; what was accepted is answered in a turn of its own.
  void pass(Millis time) {
    const Millis until = passed + time;
    while (passed < until) {
      passed = std::min(until, std::max(virtual_time.next().value_or(until), passed + Millis{1}));
      virtual_time.move_to(passed);
      virtual_time.fire_due();
      answer();
      virtual_time.fire_due();
    }
  }
  void answer() {
    for (auto& answered : std::exchange(asked, {})) answered(says);
  }
  // Of the calls so far, in order: seconds after kStart.
  std::vector<std::int64_t> due() {
    std::vector<std::int64_t> all;
    for (const NewCall& call : std::exchange(calls, {})) {
      all.push_back((firing_of(call.id)->due - kStart).count() / 1000);
    }
    return all;
  }

  VirtualTime virtual_time{{Instant{Seconds{1}}, kStart}};
  FakeClock clock{virtual_time};
  Millis passed{};
  std::vector<NewCall> calls;
  std::deque<Queue::Accepted> asked;
  Result<void> says;
  std::vector<std::string> alarms;
  Timers timers{{clock, virtual_time.timers(), Seconds{1}},
                [this](NewCall call, Queue::Accepted answered) {
                  calls.push_back(std::move(call));
                  asked.push_back(std::move(answered));
                },
                [this](std::string_view what) { alarms.emplace_back(what); }};
};

using Due = std::vector<std::int64_t>;

TEST_F(TimersTest, AFiringIsACallOfTheFunctionWithTheContractsEvent) {
  start();
  put("@every 1m");
  pass(Seconds{60});
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].function, FunctionId{9});
  EXPECT_EQ(calls[0].qualifier, "q");
  EXPECT_EQ(calls[0].name, "");
  EXPECT_EQ(calls[0].event,
            R"({"triggerTime":"2018-02-09T05:50:00Z","triggerName":"t1","payload":"p"})");
  EXPECT_EQ(calls[0].due, kStart + Seconds{60});
}

TEST_F(TimersTest, EachDueTimeFiresOnce) {
  start();
  put("@every 20s");
  put("0 * * * * *", kStart, 2);
  pass(Seconds{120});
  EXPECT_EQ(due(), (Due{20, 40, 60, 60, 80, 100, 120, 120}));
  EXPECT_EQ(timers.fired(), 8U);
  EXPECT_TRUE(alarms.empty());
}

TEST_F(TimersTest, NothingFiresBeforeItIsKnownWhatHasFired) {
  put("@every 10s");
  pass(Seconds{25});
  EXPECT_EQ(due(), Due{});
  start({{1, kStart + Seconds{20}}});
  pass(Seconds{5});
  EXPECT_EQ(due(), Due{30});
}

TEST_F(TimersTest, OfWhatWasMissedTheLastFiresOnceAndTheOthersAreToldOf) {
  put("@every 10m", kStart - Seconds{3 * 3600});
  start({{1, kStart - Seconds{2 * 3600}}});
  pass(Seconds{1});
  EXPECT_EQ(due(), Due{0});
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0],
            "timer 't1' passes over what was due from 2018-02-09T03:59:00Z on, and fires for "
            "2018-02-09T05:49:00Z");
  pass(Seconds{600});
  EXPECT_EQ(due(), Due{600});
}

TEST_F(TimersTest, WhatIsTooOldDoesNotFire) {
  put("0 0 4 * * *", kStart - Seconds{86'400});  // an hour and 49 minutes ago
  start();
  pass(Seconds{3600});
  EXPECT_EQ(due(), Due{});
  EXPECT_EQ(alarms.size(), 1U);
}

TEST_F(TimersTest, AnOlderDueTimeThatIsRefusedGivesWayToTheNext) {
  start();
  put("@every 10s");
  says = Error{ErrorCode::kResourceThrottled, "full"};
  pass(Seconds{12});
  EXPECT_EQ(due(), (Due{10, 10}));  // again after a second, then after two
  pass(Seconds{12});
  says = {};
  pass(Seconds{6});
  const Due tried = due();
  EXPECT_EQ(tried.front(), 10);
  EXPECT_EQ(tried.back(), 30);
  EXPECT_EQ(timers.fired(), 2U);  // for 20 and for 30: 10 was passed over
}

TEST_F(TimersTest, AFiringThatAnotherEngineHasMadeIsOver) {
  start();
  put("@every 10s");
  says = Error{ErrorCode::kCallAlreadyExists, "fired"};
  pass(Seconds{30});
  EXPECT_EQ(due(), (Due{10, 20, 30}));
  EXPECT_EQ(timers.fired(), 0U);
}

TEST_F(TimersTest, AChangeEndsWhatWasDueUnderTheOldOne) {
  start();
  put("@every 10s");
  pass(Seconds{5});
  put("@every 7s", kStart + Seconds{5});
  pass(Seconds{15});
  EXPECT_EQ(due(), (Due{12, 19}));
  timers.remove(1);
  pass(Seconds{60});
  EXPECT_EQ(due(), Due{});
}

TEST_F(TimersTest, ATimerThatGoesWhileItFiresIsForgotten) {
  start();
  put("@every 10s");
  virtual_time.move_to(Seconds{10});
  virtual_time.fire_due();
  ASSERT_EQ(asked.size(), 1U);
  timers.remove(1);
  answer();
  EXPECT_EQ(timers.size(), 0U);
}

TEST_F(TimersTest, AClockThatIsPutForwardIsNoticedWithinASecond) {
  start();
  put("@every 10m");
  pass(Seconds{1});
  clock.step = Seconds{1805};
  pass(Seconds{1});
  EXPECT_EQ(due(), Due{1800});
}

TEST_F(TimersTest, AClockThatIsPutBackFiresNothingTwice) {
  start();
  put("@every 10m");
  pass(Seconds{1200});
  EXPECT_EQ(due(), (Due{600, 1200}));
  clock.step = -Seconds{900};
  pass(Seconds{1500});
  EXPECT_EQ(due(), Due{1800});
}

TEST_F(TimersTest, AClockThatWasWrongByYearsHoldsUpNothing) {
  start();
  put("@every 10m");
  clock.step = std::chrono::hours{24 * 1000};
  pass(Seconds{2});
  EXPECT_EQ(due().size(), 1U);
  clock.step = {};
  pass(Seconds{600});
  EXPECT_EQ(due(), Due{600});
}

TEST_F(TimersTest, ManyThatAreDueAtOnceAreSpreadOverTurns) {
  start();
  for (std::uint64_t trigger = 1; trigger <= 1200; ++trigger) put("0 0 * * * *", kStart, trigger);
  pass(Seconds{659});
  virtual_time.move_to(Seconds{660});
  std::vector<std::size_t> turns;
  for (int turn = 0; turn < 3; ++turn) {
    virtual_time.fire_due();
    turns.push_back(asked.size());
    answer();
  }
  EXPECT_EQ(turns, (std::vector<std::size_t>{500, 500, 200}));
}

// The history answers whenever it can, be it in the middle of a drain.
TEST_F(TimersTest, NoneFiresIfStoppedBeforeItIsKnownWhatHasFired) {
  put("@every 10s");
  timers.stop();
  start();
  pass(Seconds{60});
  EXPECT_EQ(due(), Due{});
}

TEST_F(TimersTest, NoneFiresOnceStopped) {
  start();
  put("@every 10s");
  timers.stop();
  pass(Seconds{60});
  EXPECT_EQ(due(), Due{});
}

}  // namespace
}  // namespace convoke
