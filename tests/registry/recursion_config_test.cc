#include "core/registry/recursion_config.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

TEST(RecursionConfig, WhatIsWrittenIsRead) {
  for (const RecursionMode mode :
       {RecursionMode::kEnforce, RecursionMode::kWarn, RecursionMode::kAllow}) {
    for (const std::uint8_t limit : {std::uint8_t{1}, std::uint8_t{16}, kChainMax}) {
      const RecursionRule rule{limit, mode, {1, Budget::kMax, 7}};
      EXPECT_EQ(read_recursion(write_recursion(rule)), rule);
    }
  }
  EXPECT_EQ(write_recursion({}), R"({"limit":16,"mode":"enforce","budget":)"
                                 R"({"invocations":10000,"attempts":20000,"seconds":360000}})");
}

TEST(RecursionConfig, AFunctionThatHasNoneHasTheDefault) {
  EXPECT_EQ(recursion_rule_of(Function{}), RecursionRule{});
}

TEST(RecursionConfig, WhatWasWrittenBeforeThereWereBudgetsHasTheDefaultOnes) {
  EXPECT_EQ(read_recursion(R"({"limit":3,"mode":"warn"})"),
            (RecursionRule{3, RecursionMode::kWarn, Budget{}}));
}

TEST(RecursionConfig, WhatNobodyHereWroteIsTheDefault) {
  for (const char* text : {"", "null", "{}", R"({"mode":"allow"})", R"({"limit":16,"mode":"x"})"}) {
    EXPECT_EQ(read_recursion(text), RecursionRule{}) << text;
  }
}

}  // namespace
}  // namespace convoke
