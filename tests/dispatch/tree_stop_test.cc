// What becomes of a stopped tree's calls in each state, and of those beside them.
#include <gtest/gtest.h>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

using Kind = Outcome::Kind;

struct TreeStop : ::testing::Test {
  World world{31, 2};
  FunctionPtr function = world.deploy("f");
  const CallId root = CallId::from_random(71, 72);
  const CallId other = CallId::from_random(81, 82);

  ErrorCode error(const CallId& id) {
    const Outcome* const outcome = world.outcome(id);
    return outcome == nullptr || !outcome->error ? ErrorCode::kClockNotVirtual
                                                 : outcome->error->code;
  }
  Settlement settled(std::uint16_t shard, const CallId& id) {
    const auto& all = world.queue(shard).settlements;
    EXPECT_TRUE(all.contains(id.text()));
    return all.contains(id.text()) ? all.at(id.text()) : Settlement::kInvalid;
  }
};

TEST_F(TreeStop, WhatRunsOfItIsEndedForGoodAndWhatRunsBesideItGoesOn) {
  world.script.hangs = 100;
  const CallId caller = world.call(0, function, root);
  const CallId queued = world.enqueue(1, function, "job", root);
  const CallId beside = world.call(1, function, other);
  const CallId queued_beside = world.enqueue(0, function, "else", other);
  world.settle_down();
  ASSERT_EQ(world.running, 4U);
  world.stop_tree(root);
  world.settle_down();
  EXPECT_EQ(error(caller), ErrorCode::kInvocationTreeStopped);
  EXPECT_NE(world.outcome(caller)->error->message.find("because"), std::string::npos);
  EXPECT_EQ(settled(1, queued), Settlement::kStopped);
  EXPECT_EQ(world.queue(1).endings.at(queued.text()).report.error, "InvocationTreeStopped");
  EXPECT_EQ(world.outcome(beside), nullptr);
  EXPECT_EQ(world.running, 2U);
  world.script.hangs = 0;
  world.until_quiet(Seconds{3600});
  EXPECT_EQ(world.outcome(beside)->kind, Kind::kReplied);
  EXPECT_EQ(settled(0, queued_beside), Settlement::kSucceeded);
  EXPECT_EQ(world.start_order.size(), 4U) << "nothing ran again";
  world.expect_slots_add_up(function);
}

TEST_F(TreeStop, ItsRootIsAMemberOfIt) {
  world.script.hangs = 100;
  const CallId itself = world.call(0, function);
  const CallId unrelated = world.call(0, function);
  world.settle_down();
  world.stop_tree(itself);
  world.settle_down();
  EXPECT_EQ(error(itself), ErrorCode::kInvocationTreeStopped);
  EXPECT_EQ(world.outcome(unrelated), nullptr);
}

TEST_F(TreeStop, ACallerInLineIsRefusedAndTheNextOneHasItsTurn) {
  world.set_limit(function, 1);
  world.script.hangs = 100;
  const CallId inside = world.call(0, function, other);
  world.settle_down();
  const CallId waiting = world.call(1, function, root);
  const CallId behind = world.call(1, function, other);
  world.settle_down();
  world.stop_tree(root);
  EXPECT_EQ(error(waiting), ErrorCode::kInvocationTreeStopped) << "at once";
  world.script.hangs = 0;
  world.settle_down();
  EXPECT_EQ(world.outcome(inside)->kind, Kind::kReplied);
  EXPECT_EQ(world.outcome(behind)->kind, Kind::kReplied);
  EXPECT_EQ(world.start_order.size(), 2U);
  world.expect_slots_add_up(function);
}

TEST_F(TreeStop, OfABusyFunctionWhatIsQueuedEndsWithoutASlot) {
  world.set_limit(function, 1);
  world.script.hangs = 100;
  (void)world.call(0, function, other);
  world.settle_down();
  std::vector<CallId> queued;
  for (int i = 0; i < 200; ++i) queued.push_back(world.enqueue(0, function, {}, root));
  const CallId behind = world.enqueue(0, function, {}, other);
  world.settle_down();
  world.stop_tree(root);
  world.advance(Millis{1});
  world.settle_down();
  for (const CallId& id : queued) EXPECT_EQ(settled(0, id), Settlement::kStopped);
  EXPECT_EQ(world.start_order.size(), 1U);
  world.script.hangs = 0;
  world.until_quiet(Seconds{5});
  EXPECT_EQ(settled(0, behind), Settlement::kSucceeded);
  EXPECT_EQ(world.start_order.size(), 2U);
  world.expect_slots_add_up(function);
}

TEST_F(TreeStop, OfAFunctionThatIsSwitchedOffToo) {
  world.flip(function, Flip::kEnds);
  const CallId queued = world.enqueue(0, function, {}, root);
  const CallId beside = world.enqueue(0, function, {}, other);
  world.settle_down();
  world.stop_tree(root);
  world.advance(Millis{1});
  world.settle_down();
  EXPECT_EQ(settled(0, queued), Settlement::kStopped);
  world.flip(function, Flip::kOn);
  world.until_quiet(Seconds{5});
  EXPECT_EQ(settled(0, beside), Settlement::kSucceeded);
  EXPECT_EQ(world.start_order.size(), 1U);
}

TEST_F(TreeStop, ACallBetweenItsAttemptsIsNotTriedAgain) {
  world.script.fails = 100;
  const CallId id = world.enqueue(0, function, "job", root);
  world.settle_down();
  ASSERT_EQ(world.start_order.size(), 1U);
  ASSERT_EQ(world.unsettled(), 1U);
  world.stop_tree(root);
  world.until_quiet(Seconds{3600});
  EXPECT_EQ(settled(0, id), Settlement::kStopped);
  EXPECT_EQ(world.start_order.size(), 1U);
}

// The stop meets it while its outcome is on the way from the shard that ran it.
TEST_F(TreeStop, AFailureThatComesBackAfterTheStopIsNotRetried) {
  world.script.hangs = 100;
  const CallId id = world.enqueue(0, function, "job", root);
  world.settle_down();
  ASSERT_EQ(world.running, 1U);
  world.script.hangs = 0;
  world.script.dies = 100;
  world.stop_tree(root);
  world.until_quiet(Seconds{3600});
  EXPECT_EQ(settled(0, id), Settlement::kStopped);
  EXPECT_EQ(world.start_order.size(), 1U);
}

// Each shard hears of the stop by itself: what one that has not yet sends to one that has, and the
// other way round, does not start.
TEST_F(TreeStop, NothingStartsOnAShardThatHasHeardOfIt) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    World many(seed, 3);
    const FunctionPtr f = many.deploy("f");
    many.set_limit(f, 4);
    many.script.hangs = 30;
    std::vector<CallId> members;
    for (std::uint16_t i = 0; i < 24; ++i) {
      const auto shard = static_cast<std::uint16_t>(i % 3);
      members.push_back(i % 2 == 0 ? many.call(shard, f, root) : many.enqueue(shard, f, {}, root));
      (void)many.call(shard, f, other);
    }
    for (std::uint64_t steps = many.rng.below(200); steps > 0; --steps) (void)many.step();
    for (std::uint16_t shard = 0; shard < 3; ++shard) {
      many.stop_tree(shard, root);
      for (std::uint64_t steps = many.rng.below(30); steps > 0; --steps) (void)many.step();
    }
    const std::size_t before = many.start_order.size();
    many.script.hangs = 0;
    many.until_quiet(Seconds{60});
    for (std::size_t i = before; i < many.start_order.size(); ++i) {
      EXPECT_EQ(std::count(members.begin(), members.end(), many.start_order[i]), 0);
    }
    EXPECT_EQ(many.unsettled(), 0U);
    many.expect_slots_add_up(f);
  }
}

TEST_F(TreeStop, NeighboursInTheSameInstanceRunToTheirEnds) {
  const FunctionPtr crowd = world.deploy("crowd", 3);
  world.set_limit(crowd, 1);
  world.script.hangs = 100;
  const CallId one = world.call(0, crowd, root);
  const CallId two = world.call(0, crowd, root);
  const CallId beside = world.call(0, crowd, other);
  world.settle_down();
  ASSERT_EQ(world.live, 1U);
  world.stop_tree(root);
  EXPECT_EQ(error(one), ErrorCode::kInvocationTreeStopped);
  EXPECT_EQ(error(two), ErrorCode::kInvocationTreeStopped);
  world.settle_down();
  EXPECT_EQ(world.outcome(beside), nullptr);
  world.script.hangs = 0;
  world.settle_down();
  EXPECT_EQ(world.outcome(beside)->kind, Kind::kReplied);
  EXPECT_EQ(world.live, 0U);
}

TEST_F(TreeStop, AnInstanceFullOfItIsEndedAndTheAnswerWaitsForItsDeath) {
  const FunctionPtr crowd = world.deploy("crowd", 3);
  world.set_limit(crowd, 1);
  world.script.hangs = 100;
  for (int i = 0; i < 3; ++i) (void)world.call(0, crowd, root);
  world.settle_down();
  ASSERT_EQ(world.running, 3U);
  world.frozen = true;
  world.stop_tree(root);
  std::optional<std::uint32_t> ended;
  world.dispatcher(0).when_ended([&](std::uint32_t calls) { ended = calls; });
  world.settle_down();
  EXPECT_FALSE(ended);
  world.frozen = false;
  world.settle_down();
  EXPECT_EQ(ended, 3U);
  EXPECT_EQ(world.live, 0U);
}

}  // namespace
}  // namespace convoke::testing
