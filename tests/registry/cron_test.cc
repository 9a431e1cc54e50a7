// Six fields, and the calendar that they mean.
#include "core/registry/cron.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace convoke {
namespace {

using std::chrono::day;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::year;

LocalTime at(int y, unsigned m, unsigned d, int h = 0, int min = 0, int s = 0) {
  return local_days(year{y} / month{m} / day{d}) + hours{h} + minutes{min} + seconds{s};
}

CronFields fields(std::string_view text) {
  auto parsed = parse_cron(text);
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : CronFields{};
}

std::optional<LocalTime> first(std::string_view text, LocalTime from) {
  return first_match(fields(text), from);
}

std::string refusal(std::string_view text) {
  const auto parsed = parse_cron(text);
  if (parsed) return "taken";
  EXPECT_EQ(parsed.error().name(), "InvalidArgument");
  return parsed.error().message;
}

TEST(Cron, AFieldIsAListOfValuesRangesAndSteps) {
  EXPECT_EQ(fields("0,5-7,30-40/5 * * * * *").seconds,
            1UL | 7UL << 5 | 1UL << 30 | 1UL << 35 | 1UL << 40);
  EXPECT_EQ(fields("50/3 * * * * *").seconds, 1UL << 50 | 1UL << 53 | 1UL << 56 | 1UL << 59);
  EXPECT_EQ(fields("0 0 */6 * * *").hours, 1UL | 1UL << 6 | 1UL << 12 | 1UL << 18);
  EXPECT_EQ(fields("0 0 0 ? jan,Mar-MAY *").months, 1UL << 1 | 7UL << 3);
}

TEST(Cron, SundayIsZeroAndSevenAndSun) {
  for (const auto* const sunday : {"0", "7", "SUN", "sun"}) {
    EXPECT_EQ(fields(std::string("0 0 0 * * ") + sunday).weekdays, 1U) << sunday;
  }
  EXPECT_EQ(fields("0 0 0 * * 5-7").weekdays, 1U << 5 | 1U << 6 | 1U);
}

TEST(Cron, EitherFieldOfDaysIsEnoughWhereBothSaySomething) {
  // September 2024 begins on a Sunday.
  EXPECT_EQ(first("0 0 0 13 * FRI", at(2024, 9, 1)), at(2024, 9, 6));
  EXPECT_EQ(first("0 0 0 13 * FRI", at(2024, 9, 7)), at(2024, 9, 13));
  EXPECT_EQ(first("0 0 0 ? * FRI", at(2024, 9, 7)), at(2024, 9, 13));
  EXPECT_EQ(first("0 0 0 */2 * MON", at(2024, 9, 1)), at(2024, 9, 9));  // both: the 2nd is even
}

TEST(Cron, TheFirstMatchMayBeTheSecondItself) {
  EXPECT_EQ(first("* * * * * *", at(2024, 2, 28, 23, 59, 59)), at(2024, 2, 28, 23, 59, 59));
  EXPECT_EQ(first("0 30 4 * * *", at(2024, 1, 1, 4, 30)), at(2024, 1, 1, 4, 30));
  EXPECT_EQ(first("0 30 4 * * *", at(2024, 1, 1, 4, 30, 1)), at(2024, 1, 2, 4, 30));
}

TEST(Cron, CarriesFromSecondsToYears) {
  EXPECT_EQ(first("5 * * * * *", at(2024, 1, 1, 0, 0, 6)), at(2024, 1, 1, 0, 1, 5));
  EXPECT_EQ(first("5 10 * * * *", at(2024, 1, 1, 0, 10, 6)), at(2024, 1, 1, 1, 10, 5));
  EXPECT_EQ(first("5 59 23 31 12 *", at(2024, 12, 31, 23, 59, 6)), at(2025, 12, 31, 23, 59, 5));
  EXPECT_EQ(first("0 0 0 29 2 *", at(2096, 3, 1)), at(2104, 2, 29));  // 2100 has no such day
  EXPECT_EQ(first("0 0 0 31 * *", at(2024, 4, 1)), at(2024, 5, 31));
}

TEST(Cron, SaysWhichFieldIsWrongAndWhatItMayBe) {
  EXPECT_EQ(refusal("0 0 24 * * *"),
            "'hours' in a cron expression is set to an invalid value (allowed: 0 to 23, lists 1,2, "
            "ranges 1-2, steps /2, *; actual: '24')");
  EXPECT_EQ(refusal("0 0 0 * FOO *"),
            "'month' in a cron expression is set to an invalid value (allowed: 1 to 12 or JAN to "
            "DEC, lists 1,2, ranges 1-2, steps /2, *; actual: 'FOO')");
  EXPECT_EQ(refusal("0 0 4 * *"),
            "a cron expression has six fields (seconds, minutes, hours, day of the month, month, "
            "day of the week); '0 0 4 * *' has 5");
  EXPECT_EQ(refusal("0 0 0 30 2 ?"),
            "the cron expression '0 0 0 30 2 ?' means no day that there is");
}

TEST(Cron, TakesNothingThatItWouldHaveToGuess) {
  for (const auto* const text : {"60 * * * * *",
                                 "-1 * * * * *",
                                 "1- * * * * *",
                                 "5-3 * * * * *",
                                 "*/0 * * * * *",
                                 "*/ * * * * *",
                                 "1,,2 * * * * *",
                                 "1, * * * * *",
                                 ", * * * * *",
                                 "1-2-3 * * * * *",
                                 "? * * * * *",
                                 "1/2/3 * * * * *",
                                 "0x1 * * * * *",
                                 "99999999999999999999 * * * * *",
                                 "0 0 0 0 * *",
                                 "0 0 0 * 13 *",
                                 "0 0 0 * * 8",
                                 "0 0 0 L * *",
                                 "",
                                 "* * * * * * *"}) {
    EXPECT_NE(refusal(text), "taken") << text;
  }
}

}  // namespace
}  // namespace convoke
