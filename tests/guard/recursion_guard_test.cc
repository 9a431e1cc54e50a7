#include "core/guard/recursion_guard.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/registry/recursion_config.h"

namespace convoke {
namespace {

struct SteppedClock final : Clock {
  [[nodiscard]] Instant now() const override { return time; }
  [[nodiscard]] WallTime wall() const override { return {}; }
  Instant time{};
};

struct RecursionGuardTest : testing::Test {
  RecursionGuardTest() {
    auto service = std::make_shared<Service>();
    service->name = "s";
    directory.apply({1, ServicePut{service}});
  }
  static FunctionPtr function(const RecursionRule& rule) {
    auto made = std::make_shared<Function>();
    made->id = FunctionId{7};
    made->spec.service = "s";
    made->spec.name = "f";
    made->extra.emplace(kRecursionMember, write_recursion(rule));
    return made;
  }
  // Of the call number `calls` of a chain through the function alone.
  static Lineage lineage(int calls) {
    Lineage made = root_lineage(CallId{}, FunctionId{7});
    for (int i = 1; i < calls; ++i) made = child_lineage(made, CallId{}, FunctionId{7});
    return made;
  }

  SteppedClock clock;
  Directory directory;
  std::vector<std::string> said;
  RecursionGuard guard{clock, directory,
                       [this](std::string_view what) { said.emplace_back(what); }};
};

TEST_F(RecursionGuardTest, RefusesByTheFunctionsOwnRuleAndCounts) {
  const FunctionPtr strict = function({2, RecursionMode::kEnforce});
  directory.apply({2, FunctionPut{strict}});
  EXPECT_FALSE(guard.refuses(*strict, lineage(2)));
  const auto refused = guard.refuses(*strict, lineage(3));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, ErrorCode::kRecursiveInvocation);
  EXPECT_NE(refused->message.find("s/f -> s/f -> s/f"), std::string::npos) << refused->message;
  EXPECT_EQ(guard.refused(), 1U);
  EXPECT_EQ(guard.warned(), 0U);
}

TEST_F(RecursionGuardTest, ARehearsalRefusesNothingCountsAllAndSpeaksOnceASecond) {
  const FunctionPtr rehearsed = function({1, RecursionMode::kWarn});
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(guard.refuses(*rehearsed, lineage(2)));
  EXPECT_EQ(guard.warned(), 5U);
  EXPECT_EQ(guard.refused(), 0U);
  EXPECT_EQ(said.size(), 1U);
  clock.time += Seconds{1};
  EXPECT_FALSE(guard.refuses(*rehearsed, lineage(2)));
  EXPECT_EQ(said.size(), 2U);
}

TEST_F(RecursionGuardTest, ARootIsNeverOneTooMany) {
  EXPECT_FALSE(guard.refuses(*function({1, RecursionMode::kEnforce}), lineage(1)));
}

}  // namespace
}  // namespace convoke
