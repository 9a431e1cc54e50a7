// What a root may cause, where its calls begin and end.
#include <gtest/gtest.h>

#include <vector>

#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

using Kind = Outcome::Kind;

const CallId kRoot = CallId::from_random(1, 2);

Lineage child(const FunctionPtr& function) {
  return child_lineage(root_lineage(kRoot, function->id), kRoot, function->id);
}

bool is_refused(const World& world, const CallId& id) {
  const Outcome* const outcome = world.outcome(id);
  return outcome != nullptr && outcome->kind == Kind::kRefused &&
         outcome->error->code == ErrorCode::kInvocationBudgetExceeded;
}

TEST(BudgetWhereCallsBegin, HoldsExactlyOnAllShardsTogetherAndNoSlotIsLost) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(seed, 3);
    const auto function = world.set_budget(world.deploy("f"), {20, 1000, 1000});
    world.set_limit(function, 5);
    world.lineage = child(function);
    std::vector<CallId> callers;
    std::vector<CallId> queued;
    for (int i = 0; i < 64; ++i) {
      const auto shard = static_cast<std::uint16_t>(world.rng.below(3));
      (i % 2 == 0 ? callers : queued)
          .push_back(i % 2 == 0 ? world.call(shard, function) : world.enqueue(shard, function));
      if (world.rng.one_in(3)) world.step();
    }
    world.settle_down();
    EXPECT_EQ(world.start_order.size(), 20U) << "seed " << seed;
    std::size_t refused = 0;
    for (const CallId& id : callers) refused += is_refused(world, id) ? 1 : 0;
    for (std::uint16_t shard = 0; shard < 3; ++shard) {
      for (const auto& [id, settlement] : world.queue(shard).settlements) {
        refused += settlement == Settlement::kFailed ? 1 : 0;
      }
    }
    EXPECT_EQ(refused, 44U) << "seed " << seed;
    EXPECT_EQ(world.unsettled(), 0U) << "seed " << seed;
    world.expect_slots_add_up(function);
  }
}

TEST(BudgetWhereCallsBegin, AFailingCallIsTriedAsOftenAsItsRootHasAttempts) {
  World world(1, 1);
  const auto function = world.set_budget(world.deploy("f"), {10, 2, 1000});
  world.script.fails = 100;
  world.lineage = child(function);
  const CallId id = world.enqueue(0, function, "named");
  world.until_quiet(Seconds{100});
  EXPECT_EQ(world.start_order.size(), 2U);
  EXPECT_EQ(world.queue(0).settlements[id.text()], Settlement::kFailed);
  const Ending& ending = world.queue(0).endings.at(id.text());
  EXPECT_EQ(ending.report.error, "InvocationBudgetExceeded");
  EXPECT_EQ(world.ledger.spent(kRoot).invocations, 1U) << "a retry is no invocation";
}

TEST(BudgetWhereCallsBegin, RunningTimeIsChargedWhenItIsOver) {
  World world(1, 1);
  const auto function = world.set_budget(world.deploy("f", 1, Seconds{60}), {10, 10, 60});
  world.script.hangs = 100;
  world.lineage = child(function);
  (void)world.call(0, function);
  world.settle_down();
  world.advance(Seconds{60});
  world.settle_down();
  EXPECT_EQ(world.ledger.spent(kRoot).running_ms, 60'000U);
  const CallId second = world.call(0, function);
  world.settle_down();
  EXPECT_TRUE(is_refused(world, second));
}

TEST(BudgetWhereCallsBegin, ACallWithoutACallerChargesNobody) {
  World world(1, 1);
  const auto function = world.set_budget(world.deploy("f"), {1, 1, 1});
  for (int i = 0; i < 5; ++i) {
    const CallId id = world.call(0, function);
    world.settle_down();
    EXPECT_EQ(world.outcome(id)->kind, Kind::kReplied);
  }
}

}  // namespace
}  // namespace convoke::testing
