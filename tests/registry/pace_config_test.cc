#include "core/registry/pace_config.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

TEST(PaceConfig, WhatIsWrittenIsRead) {
  for (const PaceMode mode : {PaceMode::kAdapt, PaceMode::kOff}) {
    for (const std::uint8_t percent : {std::uint8_t{0}, std::uint8_t{10}, std::uint8_t{100}}) {
      EXPECT_EQ(read_pace(write_pace({mode, percent})), (PaceRule{mode, percent}));
    }
  }
  EXPECT_EQ(write_pace({}), R"({"mode":"adapt","retryPercent":10})");
}

TEST(PaceConfig, AFunctionThatHasNoneHasTheDefault) {
  EXPECT_EQ(pace_rule_of(Function{}), PaceRule{});
}

TEST(PaceConfig, WhatNobodyHereWroteIsTheDefault) {
  for (const char* text : {"", "null", "{}", R"({"retryPercent":1})", R"({"mode":"x"})",
                           R"({"mode":"x","retryPercent":1})"}) {
    EXPECT_EQ(read_pace(text), PaceRule{}) << text;
  }
}

}  // namespace
}  // namespace convoke
