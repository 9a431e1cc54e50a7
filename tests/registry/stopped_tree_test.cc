// Stopped trees: what is kept of them, for how long, and what outlives a restart.
#include "core/registry/stopped_tree.h"

#include <gtest/gtest.h>

#include "core/registry/decide.h"
#include "core/registry/registry.h"
#include "tests/registry/temp_dir.h"

namespace convoke {
namespace {

CallId id(std::uint64_t number) { return CallId::from_random(number, number); }

class StoppedTrees : public ::testing::Test {
 protected:
  StoppedTrees() { open(); }
  void open() {
    registry_.reset();
    Result<std::unique_ptr<Registry>> opened =
        Registry::open({directory_.path(), [](std::string_view) { return true; }});
    ASSERT_TRUE(opened) << opened.error().message;
    registry_ = *std::move(opened);
    known_ = Directory();
    for (const Change& change : registry_->loaded()) known_.apply(change);
  }
  void stop(const CallId& root, const std::string& reason = "because") {
    const Result<Change> made = registry_->execute(StopTree{root, reason, "ada"}, now_);
    ASSERT_TRUE(made) << made.error().message;
    known_.apply(*made);
  }
  [[nodiscard]] ErrorCode error(const StopTree& wish) {
    const Result<Change> made = registry_->execute(wish, now_);
    return made ? ErrorCode::kClockNotVirtual : made.error().code;
  }

  TempDir directory_;
  std::unique_ptr<Registry> registry_;
  Directory known_;
  WallTime now_ = wall_from_ms(1'700'000'000'000);
};

TEST_F(StoppedTrees, WhoStoppedItWhenAndWhyIsKeptAndSurvivesARestart) {
  stop(id(1));
  ASSERT_NE(known_.stopped_tree(id(1)), nullptr);
  const StoppedTree before = *known_.stopped_tree(id(1));
  EXPECT_EQ(before.reason, "because");
  EXPECT_EQ(before.by, "ada");
  EXPECT_EQ(before.since, now_);
  EXPECT_EQ(known_.stopped_tree(id(2)), nullptr);
  open();
  ASSERT_NE(known_.stopped_tree(id(1)), nullptr);
  EXPECT_EQ(*known_.stopped_tree(id(1)), before);
}

TEST_F(StoppedTrees, TheErrorSaysWhoWhenAndWhy) {
  stop(id(1));
  const Error error = tree_stopped(*known_.stopped_tree(id(1)));
  EXPECT_EQ(error.name(), "InvocationTreeStopped");
  EXPECT_EQ(error.http_status(), 412);
  EXPECT_EQ(error.message, "the tree of call " + id(1).text() +
                               " was stopped at 2023-11-14T22:13:20Z by ada: because");
}

TEST_F(StoppedTrees, OneThatIsStoppedAgainHasTheNewReasonAndTime) {
  stop(id(1));
  now_ += Seconds{5};
  stop(id(1), "still because");
  EXPECT_EQ(known_.stopped_trees().size(), 1U);
  EXPECT_EQ(known_.stopped_tree(id(1))->reason, "still because");
  EXPECT_EQ(known_.stopped_tree(id(1))->since, now_);
}

TEST_F(StoppedTrees, TheLastOneIsListedFirst) {
  for (std::uint64_t i = 1; i <= 3; ++i) stop(id(i));
  const auto all = known_.stopped_trees();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all.front()->root, id(3));
  EXPECT_EQ(all.back()->root, id(1));
}

TEST_F(StoppedTrees, OneOfWhichNothingCanBeLeftIsForgottenWithTheNextStop) {
  stop(id(1));
  now_ += kTreeStoppedFor - Millis{1};
  stop(id(2));
  EXPECT_NE(known_.stopped_tree(id(1)), nullptr);
  now_ += Millis{1};
  stop(id(3));
  EXPECT_EQ(known_.stopped_tree(id(1)), nullptr);
  EXPECT_NE(known_.stopped_tree(id(2)), nullptr);
  open();
  EXPECT_EQ(known_.stopped_trees().size(), 2U) << "on disk too";
}

TEST_F(StoppedTrees, ReasonsAreBounded) {
  EXPECT_EQ(error({id(1), std::string(kSwitchReasonBytesMax + 1, 'x'), ""}),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(error({id(1), "", std::string(kSwitchByBytesMax + 1, 'x')}),
            ErrorCode::kInvalidArgument);
}

TEST(StoppedTreesMax, BeyondItOneIsRefusedUnlessItIsStoppedAlreadyOrOthersAreOver) {
  Directory known;
  const WallTime now = wall_from_ms(1'700'000'000'000);
  std::uint64_t version = 0;
  for (std::uint64_t i = 1; i <= kStoppedTreesMax; ++i) {
    const StoppedTree tree{id(i), ++version, "", "", now + Millis{i}};
    known.apply({version, TreeStopped{std::make_shared<const StoppedTree>(tree)}});
  }
  const auto decided = [&](const CallId& root, WallTime at) {
    return decide(known, StopTree{root, "", ""}, {version + 1, at},
                  [](std::string_view) { return false; });
  };
  const Result<Change> refused = decided(id(kStoppedTreesMax + 1), now + Seconds{60});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimitExceeded);
  EXPECT_TRUE(decided(id(7), now + Seconds{60}));
  EXPECT_TRUE(decided(id(kStoppedTreesMax + 1), now + kTreeStoppedFor + Millis{1}));
}

}  // namespace
}  // namespace convoke
