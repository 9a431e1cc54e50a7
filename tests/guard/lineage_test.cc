#include "core/guard/lineage.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

constexpr FunctionId kA{7};
constexpr FunctionId kB{9};
constexpr WallTime kNow = wall_from_ms(1'000'000);
const CallId kRoot = CallId::from_random(1, 1);
const CallId kCaller = CallId::from_random(2, 2);
const CallId kOtherRoot = CallId::from_random(3, 3);
const CallId kOther = CallId::from_random(4, 4);
const CallId kNew = CallId::from_random(5, 5);

// Of kCaller, a call of A, which A's first call made.
LineageToken callers_token() {
  LineageToken token;
  token.lineage = child_lineage(root_lineage(kRoot, kA), kRoot, kA);
  token.call = kCaller;
  token.place = PlaceTag{1};
  token.deadline = kNow + Seconds{10};
  return token;
}

PlaceNow running(const CallId& call, const Lineage& lineage, bool alone) {
  return {call, lineage, alone};
}

Lineage lineage_now(const LineageToken& token, const std::optional<PlaceNow>& place) {
  return called_with(token, place, kNow, kNew, kB);
}

void expect_child_of_caller(const Lineage& lineage) {
  EXPECT_EQ(lineage, child_lineage(callers_token().lineage, kCaller, kB));
}

void expect_fresh_root(const Lineage& lineage) {
  EXPECT_EQ(lineage.root, kNew);
  EXPECT_EQ(lineage.parent, CallId{});
  EXPECT_EQ(lineage.depth, 2);
  EXPECT_EQ(visits_of(lineage, tag_of(kA)), 2);
  EXPECT_EQ(visits_of(lineage, tag_of(kB)), 1);
}

TEST(Descent, OfACallThatRunsIsItsChild) {
  const LineageToken token = callers_token();
  expect_child_of_caller(lineage_now(token, running(kCaller, token.lineage, true)));
  expect_child_of_caller(lineage_now(token, running(kCaller, token.lineage, false)));
}

TEST(Descent, OfACallThatRunsPastItsTokensDeadlineIsStillItsChild) {
  LineageToken token = callers_token();
  token.deadline = kNow - Seconds{1};
  expect_child_of_caller(lineage_now(token, running(kCaller, token.lineage, true)));
}

TEST(Descent, OfAnEndedCallCountsForTheOneThatRunsThereAlone) {
  const Lineage of_other = root_lineage(kOtherRoot, kA);
  const Lineage lineage = lineage_now(callers_token(), running(kOther, of_other, true));
  EXPECT_EQ(lineage, child_lineage(of_other, kOther, kB));
}

TEST(Descent, OfAnEndedCallAmongSeveralIsAFreshRoot) {
  const Lineage of_other = root_lineage(kOtherRoot, kA);
  expect_fresh_root(lineage_now(callers_token(), running(kOther, of_other, false)));
}

TEST(Descent, OfAnEndedCallWhereNothingRunsIsAFreshRoot) {
  expect_fresh_root(lineage_now(callers_token(), PlaceNow{}));
}

TEST(Descent, OfAnotherEnginesCallIsItsChildUntilItsDeadline) {
  expect_child_of_caller(lineage_now(callers_token(), std::nullopt));
}

TEST(Descent, OfAnotherEnginesCallIsAFreshRootFromItsDeadlineOn) {
  LineageToken token = callers_token();
  token.deadline = kNow;
  expect_fresh_root(lineage_now(token, std::nullopt));
}

TEST(Descent, OfAnInstanceBeforeItsCallsCountsForTheOneThatRunsThereAlone) {
  LineageToken token;
  token.lineage = lineage_before_calls(kA);
  token.place = PlaceTag{1};
  token.deadline = kNow + Seconds{10};
  const Lineage of_other = root_lineage(kOtherRoot, kA);
  EXPECT_EQ(lineage_now(token, running(kOther, of_other, true)),
            child_lineage(of_other, kOther, kB));
  EXPECT_EQ(lineage_now(token, PlaceNow{}).root, kNew);
  EXPECT_EQ(lineage_now(token, std::nullopt).root, kNew);
}

// A client that was built once, in the first call of its process, and calls for 20,000 others.
TEST(Descent, AnOldTokenOf20000CallsLaterAddsNothingUp) {
  LineageToken token;
  token.lineage = root_lineage(kRoot, kA);
  token.call = kRoot;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const CallId now = CallId::from_random(i, i + 100'000);
    const bool alone = i % 2 == 0;
    const auto lineage = lineage_now(token, running(now, root_lineage(now, kA), alone));
    ASSERT_EQ(lineage.depth, 1);
    ASSERT_EQ(lineage.root, alone ? now : kNew);
    ASSERT_EQ(visits_of(lineage, tag_of(kA)), 1);
  }
}

}  // namespace
}  // namespace convoke
