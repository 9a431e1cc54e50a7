#include "tools/time_span.h"

#include <gtest/gtest.h>

namespace convoke::cli {
namespace {

using std::chrono::milliseconds;

TEST(TimeSpan, ReadsWhatPeopleType) {
  EXPECT_EQ(*parse_time_span("90s"), milliseconds{90'000});
  EXPECT_EQ(*parse_time_span("5m"), milliseconds{300'000});
  EXPECT_EQ(*parse_time_span("24h"), milliseconds{86'400'000});
  EXPECT_EQ(*parse_time_span("7d"), milliseconds{604'800'000});
  EXPECT_EQ(*parse_time_span("1.5h"), milliseconds{5'400'000});
  EXPECT_EQ(*parse_time_span("250ms"), milliseconds{250});
  EXPECT_EQ(*parse_time_span("10"), milliseconds{10'000});
}

TEST(TimeSpan, RefusesEverythingElse) {
  for (const char* text : {"", "h", "-1s", "1w", "1 h", "1h30m", "nan", "inf", "1e99d"}) {
    EXPECT_FALSE(parse_time_span(text)) << text;
  }
}

TEST(TimeSpan, IsSaidInTheLargestUnits) {
  EXPECT_EQ(time_span_text(milliseconds{0}), "0s");
  EXPECT_EQ(time_span_text(milliseconds{93'600'000}), "1d 2h");
  EXPECT_EQ(time_span_text(milliseconds{1'500}), "1s 500ms");
}

}  // namespace
}  // namespace convoke::cli
