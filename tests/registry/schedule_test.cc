// When timers fall due, in zones that change their clocks.
#include "core/registry/schedule.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <string>
#include <vector>

namespace convoke {
namespace {

WallTime utc(const char* text) {
  std::tm fields{};
  EXPECT_NE(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &fields), nullptr) << text;
  return WallTime{Seconds{timegm(&fields)}};
}

std::string text_of(WallTime time) {
  const std::time_t at = to_ms(time) / 1000;
  std::tm fields{};
  gmtime_r(&at, &fields);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

Schedule schedule(std::string_view text) {
  auto parsed = Schedule::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().message);
  return *parsed;
}

std::vector<std::string> due(std::string_view text, const char* after, std::size_t count) {
  const Schedule plan = schedule(text);
  std::vector<std::string> times;
  WallTime at = utc(after);
  for (std::size_t i = 0; i < count; ++i) {
    at = plan.next(at, utc(after)).value_or(WallTime{});
    times.push_back(text_of(at));
  }
  return times;
}

using Times = std::vector<std::string>;

TEST(Schedule, ATimeOfTheDayHoldsInItsZone) {
  EXPECT_EQ(due("CRON_TZ=Asia/Shanghai 0 0 4 * * *", "2018-02-09T05:49:00Z", 2),
            (Times{"2018-02-09T20:00:00Z", "2018-02-10T20:00:00Z"}));
  EXPECT_EQ(due("0 0 4 * * *", "2018-02-09T05:49:00Z", 1), (Times{"2018-02-10T04:00:00Z"}));
}

TEST(Schedule, ATimeThatTheClocksSkipIsDueOnceWhenTheyChange) {
  // New York, 10 March 2024: from 2:00 to 3:00, at 7:00 UTC.
  EXPECT_EQ(due("CRON_TZ=America/New_York 0 30 2 * * *", "2024-03-09T12:00:00Z", 2),
            (Times{"2024-03-10T07:00:00Z", "2024-03-11T06:30:00Z"}));
  EXPECT_EQ(due("CRON_TZ=America/New_York 0 */10 2 * * *", "2024-03-10T00:00:00Z", 2),
            (Times{"2024-03-10T07:00:00Z", "2024-03-11T06:00:00Z"}));
}

TEST(Schedule, ATimeThatComesTwiceIsDueTheFirstTimeAlone) {
  // New York, 3 November 2024: from 2:00 back to 1:00, at 6:00 UTC.
  EXPECT_EQ(due("CRON_TZ=America/New_York 0 0,30 1 * * *", "2024-11-03T00:00:00Z", 3),
            (Times{"2024-11-03T05:00:00Z", "2024-11-03T05:30:00Z", "2024-11-04T06:00:00Z"}));
}

TEST(Schedule, EveryHourFollowsTimeAsItPasses) {
  EXPECT_EQ(due("CRON_TZ=America/New_York 0 30 * * * *", "2024-03-10T06:00:00Z", 3),
            (Times{"2024-03-10T06:30:00Z", "2024-03-10T07:30:00Z", "2024-03-10T08:30:00Z"}));
  EXPECT_EQ(due("CRON_TZ=America/New_York 0 30 * * * *", "2024-11-03T05:00:00Z", 3),
            (Times{"2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z", "2024-11-03T07:30:00Z"}));
  EXPECT_EQ(due("CRON_TZ=Australia/Lord_Howe 0 0 * * * *", "2024-04-06T13:30:00Z", 3),
            (Times{"2024-04-06T14:00:00Z", "2024-04-06T15:30:00Z", "2024-04-06T16:30:00Z"}));
}

TEST(Schedule, ADayThatAZoneLeavesOutIsMadeUpForWhenTheNextBegins) {
  // Samoa went from 29 to 31 December 2011 at 10:00 UTC.
  EXPECT_EQ(due("CRON_TZ=Pacific/Apia 0 0 12 * * *", "2011-12-29T12:00:00Z", 3),
            (Times{"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"}));
}

TEST(Schedule, KnowsTheRulesOfYearsThatNoTableLists) {
  EXPECT_EQ(due("CRON_TZ=Europe/Berlin 0 0 12 1 7 *", "2090-01-01T00:00:00Z", 1),
            (Times{"2090-07-01T10:00:00Z"}));
}

TEST(Schedule, EveryCountsFromTheTimersLastChange) {
  const Schedule plan = schedule("@every 1h30m");
  const WallTime since = utc("2024-01-01T00:00:10Z") + Millis{700};
  EXPECT_EQ(text_of(*plan.next(since, since)), "2024-01-01T01:30:10Z");
  EXPECT_EQ(text_of(*plan.next(utc("2024-01-01T01:30:10Z"), since)), "2024-01-01T03:00:10Z");
  EXPECT_EQ(text_of(*plan.next(utc("2024-01-01T02:59:59Z"), since)), "2024-01-01T03:00:10Z");
}

TEST(Schedule, TheLastDueTimeIsFoundWithoutGoingThroughAll) {
  const WallTime from = utc("2024-03-10T00:00:00Z");
  const WallTime until = utc("2024-03-11T00:00:00Z") + Millis{400};
  EXPECT_EQ(text_of(*schedule("* * * * * *").last(from, until, from)), "2024-03-11T00:00:00Z");
  EXPECT_EQ(text_of(*schedule("* 0 5 * * *").last(from, until, from)), "2024-03-10T05:00:59Z");
  EXPECT_EQ(text_of(*schedule("@every 7h").last(from, until, from)), "2024-03-10T21:00:00Z");
  EXPECT_EQ(schedule("0 0 0 1 * *").last(from, until, from), std::nullopt);
}

TEST(Schedule, SaysWhatIsWrong) {
  const auto refusal = [](std::string_view text) {
    const auto parsed = Schedule::parse(text);
    return parsed ? "taken" : parsed.error().message;
  };
  EXPECT_EQ(refusal("CRON_TZ=Mars/Olympus 0 0 4 * * *"),
            "CRON_TZ is set to an invalid value (allowed: UTC, or a time zone that this machine "
            "has, as Asia/Shanghai; actual: 'Mars/Olympus')");
  EXPECT_EQ(refusal("@every 0s"),
            "@every is set to an invalid value (allowed: 1s to 366d, with the units s, m, h and d, "
            "as 90s or 1h30m; actual: '0s')");
  for (const auto* const text :
       {"@every", "@every ", "@every 5", "@every m", "@every -5m", "@every 1.5h", "@every 367d",
        "@every 99999999999999s", "@every 4294967295d4294967295d", "CRON_TZ=UTC",
        "CRON_TZ= * * * * * *", "CRON_TZ=../../../etc/passwd 0 0 4 * * *",
        "CRON_TZ=/etc/localtime 0 0 4 * * *", "CRON_TZ=localtime 0 0 4 * * *",
        "CRON_TZ=America 0 0 4 * * *", "CRON_TZ=tzdata.zi 0 0 4 * * *",
        "CRON_TZ=file:UTC 0 0 4 * * *"}) {
    EXPECT_NE(refusal(text), "taken") << text;
  }
}

}  // namespace
}  // namespace convoke
