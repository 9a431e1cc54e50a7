#include "tools/failed_calls.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace convoke::cli {
namespace {

TEST(Pace, WithoutARateItIsWholePagesAndNoPause) {
  const Pace pace = pace_for(std::nullopt);
  EXPECT_EQ(pace.page, kFailedPageMax);
  EXPECT_EQ(pace.pause.count(), 0);
}

TEST(Pace, NoRateIsExceededAndNoPageTooLargeForTheEngine) {
  for (const std::uint64_t rate : {1U, 2U, 3U, 7U, 10U, 19U, 20U, 99U, 333U, 1000U, 5000U}) {
    const Pace pace = pace_for(rate);
    ASSERT_GE(pace.page, 1U);
    EXPECT_LE(pace.page, kFailedPageMax);
    EXPECT_LE(pace.page * 1000, rate * static_cast<std::uint64_t>(pace.pause.count())) << rate;
  }
}

TEST(Pace, ASecondsCallsComeInTenPages) {
  EXPECT_EQ(pace_for(20).page, 2U);
  EXPECT_EQ(pace_for(20).pause.count(), 100);
  EXPECT_EQ(pace_for(1).pause.count(), 1000);
}

}  // namespace
}  // namespace convoke::cli
