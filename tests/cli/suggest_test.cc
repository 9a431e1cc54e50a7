#include "tools/suggest.h"

#include <gtest/gtest.h>

namespace convoke::cli {
namespace {

const std::vector<std::string> kKnown = {"timeout", "memory", "concurrency", "limit"};

TEST(Suggest, ASlipOfTheFingersFindsTheWordThatWasMeant) {
  EXPECT_EQ(did_you_mean("timeuot", kKnown), " (did you mean 'timeout'?)");
  EXPECT_EQ(did_you_mean("memry", kKnown), " (did you mean 'memory'?)");
  EXPECT_EQ(did_you_mean("limits", kKnown), " (did you mean 'limit'?)");
}

TEST(Suggest, ABeginningFindsItsWord) {
  EXPECT_EQ(did_you_mean("concur", kKnown), " (did you mean 'concurrency'?)");
}

TEST(Suggest, NothingIsSuggestedForAnotherWordAltogether) {
  EXPECT_EQ(did_you_mean("banana", kKnown), "");
  EXPECT_EQ(did_you_mean("", {}), "");
}

TEST(Suggest, AHugeWordCostsNothing) {
  EXPECT_EQ(did_you_mean(std::string(10'000'000, 'x'), kKnown), "");
}

}  // namespace
}  // namespace convoke::cli
