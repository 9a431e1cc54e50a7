#include "core/api/clock.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

TEST(Clock, AdvanceTakesSecondsWithFractions) {
  EXPECT_EQ(read_advance(R"({"seconds": 86400})")->by, std::chrono::hours{24});
  EXPECT_EQ(read_advance(R"({"seconds": 0.25})")->by, Millis{250});
  EXPECT_EQ(read_advance(R"({"seconds": 0})")->by, Millis{0});
  EXPECT_EQ(read_advance(R"({"seconds": 1})")->patience, Millis{kPatienceDefault});
  EXPECT_EQ(read_advance(R"({"seconds": 1, "patienceSeconds": 2.5})")->patience, Millis{2500});
}

TEST(Clock, AdvanceRefusesWhatIsNoBoundedSpan) {
  for (const char* body :
       {"", "[]", "{}", R"({"seconds": -1})", R"({"seconds": "60"})", R"({"seconds": 1e300})",
        R"({"seconds": 2678401})", R"({"seconds": 1, "patienceSeconds": 61})"}) {
    const auto order = read_advance(body);
    ASSERT_FALSE(order) << body;
    EXPECT_EQ(order.error().code, ErrorCode::kInvalidArgument) << body;
  }
}

TEST(Clock, AnswerSaysWhatTimeItIsAndHowFarItWasMoved) {
  EXPECT_EQ(clock_answer(wall_from_ms(1'500), Millis{1500}, std::nullopt).body,
            R"({"virtual":true,"now":"1970-01-01T00:00:01Z","nowMs":1500,"advancedSeconds":1.5})");
  EXPECT_EQ(clock_answer(wall_from_ms(0), Millis{0}, AdvanceResult{3, false}).body,
            R"({"virtual":true,"now":"1970-01-01T00:00:00Z","nowMs":0,"advancedSeconds":0.0,)"
            R"("steps":3,"complete":false})");
}

TEST(Clock, EngineWithRealTimeSaysHowToGetAnother) {
  EXPECT_EQ(time_is_real().http_status(), 404);
  EXPECT_NE(time_is_real().message.find("--virtual-clock"), std::string::npos);
}

}  // namespace
}  // namespace convoke
