#include "core/model/lineage.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

const CallId kRoot = CallId::from_random(1, 2);
constexpr FunctionId kA{7};
constexpr FunctionId kB{9};

CallId call(std::uint64_t number) { return CallId::from_random(number, ~number); }

// The lineage of the last call of a chain through `functions`, the root's first.
Lineage chain(std::initializer_list<std::uint64_t> functions) {
  Lineage lineage;
  std::uint64_t number = 0;
  for (const std::uint64_t function : functions) {
    lineage = number == 0 ? root_lineage(kRoot, FunctionId{function})
                          : child_lineage(lineage, call(number), FunctionId{function});
    ++number;
  }
  return lineage;
}

TEST(Lineage, ARootHasVisitedItselfAlone) {
  const Lineage root = root_lineage(kRoot, kA);
  EXPECT_EQ(root.depth, 0);
  EXPECT_EQ(visits_of(root, tag_of(kA)), 1);
  EXPECT_EQ(visits_of(root, tag_of(kB)), 0);
  EXPECT_EQ(last_hop(root), tag_of(kA));
}

TEST(Lineage, AChildKeepsRootAndVisitsAndKnowsItsParent) {
  const Lineage child = child_lineage(root_lineage(kRoot, kA), call(1), kB);
  EXPECT_EQ(child.root, kRoot);
  EXPECT_EQ(child.parent, call(1));
  EXPECT_EQ(child.depth, 1);
  EXPECT_EQ(visits_of(child, tag_of(kA)), 1);
  EXPECT_EQ(visits_of(child, tag_of(kB)), 1);
  EXPECT_EQ(last_hop(child), tag_of(kB));
}

TEST(Lineage, AFreshRootKeepsDepthAndVisitsAlone) {
  Lineage caller = chain({7, 9, 7});
  caller.trace.fill(3);
  const Lineage fresh = fresh_root_lineage(caller, call(5), kB);
  EXPECT_EQ(fresh.root, call(5));
  EXPECT_EQ(fresh.parent, CallId{});
  EXPECT_EQ(fresh.trace, TraceId{});
  EXPECT_EQ(fresh.depth, 3);
  EXPECT_EQ(visits_of(fresh, tag_of(kB)), 2);
}

TEST(Lineage, BeforeItsCallsAFunctionIsKnownAndNotVisited) {
  const Lineage before = lineage_before_calls(kA);
  EXPECT_EQ(last_hop(before), tag_of(kA));
  EXPECT_EQ(visits_of(before, tag_of(kA)), 0);
}

TEST(Lineage, ANinthFunctionTakesThePlaceOfTheLeastVisited) {
  const Lineage lineage = chain({1, 1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9});
  EXPECT_EQ(visits_of(lineage, FunctionTag{2}), 0);
  EXPECT_EQ(visits_of(lineage, FunctionTag{1}), 2);
  EXPECT_EQ(visits_of(lineage, FunctionTag{9}), 1);
  EXPECT_EQ(lineage.depth, 15);
}

TEST(Lineage, OfEquallyVisitedOnesTheOneVisitedLongestAgoGoes) {
  const Lineage lineage = chain({2, 1, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(visits_of(lineage, FunctionTag{2}), 0);
  EXPECT_EQ(visits_of(lineage, FunctionTag{1}), 1);
}

TEST(Lineage, AHopWhoseFunctionIsNoLongerCountedIsForgottenAndNotMistaken) {
  const Lineage lineage = chain({1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9});
  EXPECT_EQ(visits_of(lineage, FunctionTag{8}), 0);
  EXPECT_EQ(lineage.hops[6], Lineage::kHopForgotten);
  EXPECT_EQ(last_hop(lineage), FunctionTag{9});
}

TEST(Lineage, WhoeverIsVisitedOftenStaysCountedAmongManyOthers) {
  Lineage lineage = root_lineage(kRoot, kA);
  for (std::uint64_t other = 100; other < 116; ++other) {
    lineage = child_lineage(lineage, call(other), FunctionId{other});
    lineage = child_lineage(lineage, call(other), kA);
  }
  EXPECT_EQ(visits_of(lineage, tag_of(kA)), 17);
}

TEST(Lineage, CountsAndDepthStopInsteadOfWrapping) {
  Lineage lineage = root_lineage(kRoot, kA);
  for (std::uint64_t i = 0; i < 600; ++i) lineage = child_lineage(lineage, call(i), kA);
  EXPECT_EQ(lineage.depth, 255);
  EXPECT_EQ(visits_of(lineage, tag_of(kA)), 255);
}

TEST(Lineage, FunctionsThatShareATagAreCountedAsOne) {
  const FunctionId far{kA.value + (1 << 24)};
  const Lineage lineage = child_lineage(root_lineage(kRoot, kA), call(1), far);
  EXPECT_EQ(visits_of(lineage, tag_of(kA)), 2);
}

TEST(Lineage, NoFunctionHasTheTagOfNone) {
  EXPECT_NE(tag_of(FunctionId{1 << 24}), FunctionTag{});
  EXPECT_EQ(tag_of(FunctionId{}), FunctionTag{});
}

TEST(Lineage, IsTheSameWhenPackedAndUnpacked) {
  const Lineage lineage = chain({1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 300'000, 2});
  EXPECT_EQ(unpack(pack(lineage)), lineage);
  EXPECT_EQ(unpack(pack(Lineage{})), Lineage{});
}

TEST(Lineage, IsTheSameAfterTheQueueWithItsTraceAndWithout) {
  Lineage lineage = chain({1, 2});
  EXPECT_EQ(store_lineage(lineage).view().size(), kPackedLineageSize);
  EXPECT_EQ(stored_lineage(store_lineage(lineage).view()), lineage);
  lineage.trace.fill(200);
  EXPECT_EQ(stored_lineage(store_lineage(lineage).view()), lineage);
}

TEST(Lineage, OfAnotherSizeIsNone) {
  const StoredLineage stored = store_lineage(chain({1, 2}));
  EXPECT_FALSE(stored_lineage(stored.view().substr(1)));
  EXPECT_FALSE(stored_lineage(""));
}

TEST(Lineage, UnpackedOfAnyBytesNamesNoPlaceThatIsNotThere) {
  PackedLineage bytes{};
  bytes.fill(0xdd);
  EXPECT_EQ(last_hop(unpack(bytes)), FunctionTag{});
}

}  // namespace
}  // namespace convoke
