#include "core/guard/recursion.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

const CallId kRoot = CallId::from_random(1, 2);
constexpr FunctionId kA{7};
constexpr FunctionId kB{9};

// The lineage of call number `calls` of a chain that goes round through `functions` of them.
Lineage round(std::uint32_t calls, std::uint64_t functions) {
  Lineage lineage = root_lineage(kRoot, FunctionId{1});
  for (std::uint64_t i = 1; i < calls; ++i) {
    lineage = child_lineage(lineage, kRoot, FunctionId{i % functions + 1});
  }
  return lineage;
}

// Calls that ran before the first that was refused.
std::uint32_t runs(std::uint64_t functions, const RecursionRule& rule) {
  std::uint32_t calls = 1;
  while (calls < 1000 &&
         judge_recursion(round(calls, functions), rule) == RecursionVerdict::kFine) {
    ++calls;
  }
  return calls - 1;
}

std::string name(FunctionTag function) {
  if (function == tag_of(kA)) return "s/A";
  return function == tag_of(kB) ? "s/B" : "";
}

TEST(Recursion, The17thVisitOfAFunctionIsRefused) { EXPECT_EQ(runs(1, {}), 16U); }

TEST(Recursion, ALoopOverTwoFunctionsRuns32Times) { EXPECT_EQ(runs(2, {}), 32U); }

TEST(Recursion, ALoopOverMoreFunctionsThanAreCountedEndsByItsDepth) {
  for (const std::uint64_t functions : {9UL, 10UL, 40UL, 1000UL}) {
    EXPECT_EQ(runs(functions, {}), 128U) << functions;
  }
}

TEST(Recursion, AFunctionsOwnLimitHolds) {
  EXPECT_EQ(runs(1, {1, RecursionMode::kEnforce}), 1U);
  EXPECT_EQ(runs(1, {100, RecursionMode::kEnforce}), 100U);
  EXPECT_EQ(runs(1, {kChainMax, RecursionMode::kEnforce}), 128U);
}

TEST(Recursion, AWarningIsGivenWhereARefusalWouldHaveBeen) {
  const RecursionRule warn{16, RecursionMode::kWarn};
  EXPECT_EQ(judge_recursion(round(16, 1), warn), RecursionVerdict::kFine);
  for (const std::uint32_t calls : {17U, 128U, 129U, 300U}) {
    EXPECT_EQ(judge_recursion(round(calls, 1), warn), RecursionVerdict::kWarned) << calls;
  }
}

TEST(Recursion, WhatIsMeantIsNeverRefused) { EXPECT_EQ(runs(1, {1, RecursionMode::kAllow}), 999U); }

TEST(Recursion, TheMessagePrintsHopsAndCounts) {
  Lineage lineage = root_lineage(kRoot, kA);
  for (int i = 0; i < 2; ++i) {
    lineage = child_lineage(lineage, kRoot, kB);
    lineage = child_lineage(lineage, kRoot, kA);
  }
  const Error error = recursion_error(lineage, {2, RecursionMode::kEnforce}, name);
  EXPECT_EQ(error.name(), "RecursiveInvocation");
  EXPECT_EQ(error.http_status(), 400);
  EXPECT_EQ(error.message,
            "this would be visit 3 of s/A in one lineage, which may visit it 2 times: "
            "s/A -> s/B -> s/A -> s/B -> s/A (visits: s/A x 3, s/B x 2; depth 4; root " +
                kRoot.text() + "). Where this is meant, say so in the recursionConfig of s/A");
}

TEST(Recursion, HopsBeyondTheLastEightAreSaidToHaveBeen) {
  Lineage lineage = root_lineage(kRoot, kA);
  for (int i = 0; i < 8; ++i) lineage = child_lineage(lineage, kRoot, kA);
  EXPECT_EQ(hops_text(lineage, name),
            "... -> s/A -> s/A -> s/A -> s/A -> s/A -> s/A -> s/A -> s/A");
}

TEST(Recursion, AFunctionThatIsGoneIsCalledByItsNumber) {
  EXPECT_EQ(hops_text(root_lineage(kRoot, FunctionId{12}), name), "function 12");
}

}  // namespace
}  // namespace convoke
