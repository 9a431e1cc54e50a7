// Due times against a scan of every second, by the C library's clocks.
//
// Around changes of the clocks of several zones, random expressions are asked for all their due
// times; the scan knows what each field means from the sets that the expression was written from,
// and local times from localtime_r, not from what the schedule uses.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/edge/rng.h"
#include "core/registry/schedule.h"

namespace convoke {
namespace {

constexpr std::time_t kAround = 3 * 3600;
constexpr int kExpressions = 10;  // for each change

struct ClockChange {
  const char* zone;
  std::time_t at;
};
constexpr std::array kChanges = {
    ClockChange{"America/New_York", 1710054000},     // 10 March 2024, an hour forward
    ClockChange{"America/New_York", 1730613600},     // 3 November 2024, an hour back
    ClockChange{"Europe/Berlin", 1711846800},        // at 2:00, forward
    ClockChange{"Europe/Berlin", 1729990800},        // at 3:00, back
    ClockChange{"Australia/Lord_Howe", 1712415600},  // half an hour back
    ClockChange{"Australia/Lord_Howe", 1728142200},  // half an hour forward
    ClockChange{"America/Santiago", 1725768000},     // at midnight, forward
    ClockChange{"Antarctica/Troll", 1711846800},     // two hours forward
    ClockChange{"Asia/Shanghai", 1730613600},        // no change
};

// What the C library says of each second around a change.
struct Scan {
  explicit Scan(const ClockChange& change) : from(change.at - kAround) {
    setenv("TZ", change.zone, 1);
    tzset();
    for (std::time_t at = from; at < change.at + kAround; ++at) {
      std::tm fields{};
      localtime_r(&at, &fields);
      seconds.push_back(fields);
    }
    unsetenv("TZ");
    tzset();
  }
  std::time_t from;
  std::vector<std::tm> seconds;
};

bool has(std::uint64_t set, int value) { return (set >> value & 1) != 0; }

struct Sets {
  std::uint64_t seconds = 0, minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0;
  bool any_day = false, any_weekday = false;

  [[nodiscard]] bool on_day(const std::tm& at) const {
    const bool day = has(days, at.tm_mday), weekday = has(weekdays, at.tm_wday);
    return has(months, at.tm_mon + 1) && (any_day || any_weekday ? day && weekday : day || weekday);
  }
  [[nodiscard]] bool match(const std::tm& at) const {
    return has(seconds, at.tm_sec) && has(minutes, at.tm_min) && has(hours, at.tm_hour) &&
           on_day(at);
  }
};

std::string random_field(Rng& rng, int min, int max, std::uint64_t all_in, std::uint64_t& values) {
  if (rng.below(all_in) == 0) {
    for (int value = min; value <= max; ++value) values |= 1UL << value;
    return "*";
  }
  std::string text;
  for (std::uint64_t items = 1 + rng.below(3); items > 0; --items) {
    const int from = min + static_cast<int>(rng.below(static_cast<std::uint64_t>(max - min + 1)));
    const int to = from + static_cast<int>(rng.below(static_cast<std::uint64_t>(max - from + 1)));
    const int step = 1 + static_cast<int>(rng.below(5));
    for (int value = from; value <= to; value += step) values |= 1UL << value;
    text += (text.empty() ? "" : ",") + std::to_string(from) + "-" + std::to_string(to) + "/" +
            std::to_string(step);
  }
  return text;
}

std::string random_expression(Rng& rng, Sets& sets) {
  std::string text = random_field(rng, 0, 59, 8, sets.seconds);
  text += " " + random_field(rng, 0, 59, 4, sets.minutes);
  text += " " + random_field(rng, 0, 23, 2, sets.hours);
  const std::string days = random_field(rng, 1, 31, 2, sets.days);
  text += " " + days + " " + random_field(rng, 1, 12, 1, sets.months);
  const std::string weekdays = random_field(rng, 0, 6, 2, sets.weekdays);
  sets.any_day = days == "*";
  sets.any_weekday = weekdays == "*";
  return text + " " + weekdays;
}

// Local time as a number, as if it were UTC.
std::time_t local_count(std::tm at) { return timegm(&at); }

std::vector<std::time_t> scan(const Scan& clock, const Sets& sets) {
  const bool every_hour = sets.hours == (1UL << 24) - 1;
  std::vector<std::time_t> due;
  std::set<std::time_t> seen;  // local times that matched
  std::time_t expected = local_count(clock.seconds.front());
  for (std::size_t i = 0; i < clock.seconds.size(); ++i, ++expected) {
    const std::tm& at = clock.seconds[i];
    bool fires = sets.match(at);
    if (clock.seconds[i].tm_gmtoff != clock.seconds[i == 0 ? 0 : i - 1].tm_gmtoff) {
      const std::time_t now = local_count(at);
      for (; !every_hour && expected < now; ++expected) {  // what was skipped
        std::tm skipped{};
        gmtime_r(&expected, &skipped);
        fires |= sets.match(skipped);
      }
      expected = now;
    }
    if (fires && !every_hour && sets.match(at)) {
      const bool first = seen.insert(local_count(at)).second;
      fires = first;
    }
    if (fires) due.push_back(clock.from + static_cast<std::time_t>(i));
  }
  return due;
}

TEST(ScheduleDifferential, DueTimesAreThoseOfAScanOfEverySecond) {
  Rng rng = Rng::seeded(20240310);
  std::size_t compared = 0;
  for (const ClockChange& change : kChanges) {
    const Scan clock(change);
    for (int i = 0; i < kExpressions; ++i) {
      Sets sets;
      const std::string text =
          std::string("CRON_TZ=") + change.zone + " " + random_expression(rng, sets);
      const auto plan = Schedule::parse(text);
      ASSERT_TRUE(plan) << text << ": " << plan.error().message;
      WallTime at{Seconds{clock.from - 1}};
      for (const std::time_t due : scan(clock, sets)) {
        const auto next = plan->next(at, at);
        ASSERT_TRUE(next) << text;
        ASSERT_EQ(to_ms(*next) / 1000, due) << text << ", after " << to_ms(at) / 1000;
        at = *next;
        ++compared;
      }
      const auto next = plan->next(at, at);
      const WallTime end{Seconds{change.at + kAround}};
      ASSERT_TRUE(!next || *next >= end) << text << ": " << to_ms(*next) / 1000;
    }
  }
  EXPECT_GT(compared, 5'000U);
}

}  // namespace
}  // namespace convoke
