// When switches end by themselves, in virtual time.
#include "core/switch_times.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace convoke {
namespace {

class SteppedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override {
    return wall_from_ms(1'700'000'000'000 + set_by.count() + now_.time_since_epoch() / Millis{1});
  }
  void advance(Duration by) { now_ += by; }
  Millis set_by{0};  // somebody set the wall clock

 private:
  Instant now_{};
};

class SwitchTimesTest : public ::testing::Test {
 protected:
  void advance(Seconds by) {
    for (Duration left = by; left > Duration{0}; left -= Millis{100}) {
      clock.advance(Millis{100});
      wheel.advance(clock.now());
    }
  }
  void put(std::uint64_t version, bool disabled, Seconds lasts) {
    auto one = std::make_shared<KillSwitch>();
    one->version = version;
    one->disabled = disabled;
    one->since = clock.wall();
    one->until = clock.wall() + lasts;
    directory.apply({version, SwitchPut{one}});
    times.on_change();
  }

  SteppedClock clock;
  TimerWheel wheel{clock.now()};
  Directory directory;
  std::vector<std::uint64_t> over;
  int more = 0;
  SwitchTimes times{clock, wheel, directory,
                    SwitchTimes::Told{[this](const EndSwitch& end) { over.push_back(end.version); },
                                      [this](const SwitchScope&) { ++more; }}};
};

TEST_F(SwitchTimesTest, OneIsOverAtItsTimeAndToldOfAgainUntilItIsGone) {
  put(1, true, Seconds{60});
  advance(Seconds{59});
  EXPECT_TRUE(over.empty());
  advance(Seconds{1});
  EXPECT_EQ(over, std::vector<std::uint64_t>{1});
  advance(Seconds{2});
  EXPECT_GE(over.size(), 2U);
  directory.apply({2, SwitchGone{}});
  times.on_change();
  over.clear();
  advance(Seconds{60});
  EXPECT_TRUE(over.empty());
}

TEST_F(SwitchTimesTest, OneThatWasReplacedHasTheTimeOfTheNewOne) {
  put(1, true, Seconds{60});
  advance(Seconds{30});
  put(2, true, Seconds{60});
  advance(Seconds{59});
  EXPECT_TRUE(over.empty());
  advance(Seconds{2});
  EXPECT_EQ(over.front(), 2U);
}

TEST_F(SwitchTimesTest, AWallClockThatWasSetBackDelaysItAndEndsNothingEarly) {
  put(1, true, Seconds{60});
  clock.set_by = Seconds{-30};
  advance(Seconds{61});
  EXPECT_TRUE(over.empty());
  advance(Seconds{31});
  EXPECT_FALSE(over.empty());
}

TEST_F(SwitchTimesTest, ARampIsSteppedAndThenOver) {
  put(1, false, Seconds{100});
  advance(Seconds{99});
  EXPECT_GE(more, 40);
  EXPECT_LE(more, 60);
  EXPECT_TRUE(over.empty());
  advance(Seconds{2});
  EXPECT_EQ(over.front(), 1U);
}

}  // namespace
}  // namespace convoke
