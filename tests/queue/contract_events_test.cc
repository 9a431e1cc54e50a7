// The queue contract: events of any size that a store takes, whatever becomes of their calls.
#include "tests/queue/contract.h"

namespace convoke::fake {
namespace {

// Larger than what stores are told here to keep in one piece, where they make a difference.
std::string large(char first) {
  std::string event;
  for (int i = 0; i < 3000; ++i) event.push_back(static_cast<char>(first + i % 61));
  return event;
}

TEST_P(QueueContract, Q1_ALargeEventIsWholeAfterACrash) {
  world().accepted(kF, large('a'));
  world().crash();
  EXPECT_EQ(events(world().claim(kF)), Events{large('a')});
}

TEST_P(QueueContract, Q1_ALargeEventIsNeverHalfWhereverTheEngineDies) {
  for (int turns = 0; turns < 40; ++turns) {
    make(Limits{});
    bool acknowledged = false;
    queue().accept(world().call(kF, large('a')),
                   [&acknowledged](const Result<void>& result) { acknowledged = result.ok(); });
    for (int i = 0; i < turns; ++i) world().step();
    const bool promised = acknowledged;
    world().crash();
    const auto claimed = world().claim(kF);
    EXPECT_TRUE(!promised || claimed.size() == 1) << "after " << turns << " steps";
    for (const ClaimedCall& call : claimed) EXPECT_EQ(call.event, large('a'));
  }
}

TEST_P(QueueContract, Q2_ALargeEventComesWithEachAttempt) {
  world().accepted(kF, large('a'));
  ASSERT_EQ(world().postponed(world().claim(kF).at(0).receipt, in(Seconds{1})),
            SettleResult::kDone);
  world().advance(Seconds{2});
  const auto second = world().claim(kF);
  EXPECT_EQ(events(second), Events{large('a')});
  queue().give_back(second.at(0).receipt);
  world().settle();
  EXPECT_EQ(events(world().claim(kF)), Events{large('a')});
  world().crash();
  const auto last = world().claim(kF);
  EXPECT_EQ(events(last), Events{large('a')});
  EXPECT_EQ(world().settled(last.at(0).receipt), SettleResult::kDone);
  EXPECT_TRUE(conserved(queue().counts(kF)));
}

TEST_P(QueueContract, Q2_ALineageComesWithEachAttemptOfItsCallAlone) {
  for (const std::string& event : {std::string("small"), large('a')}) {
    for (const std::uint8_t trace : {std::uint8_t{0}, std::uint8_t{7}}) {
      world().accepted(kF, "without");
      NewCall call = world().call(kF, event);
      call.lineage = child_lineage(root_lineage(call.id, kG), call.id, kF);
      call.lineage->trace.fill(trace);
      const std::optional<Lineage> lineage = call.lineage;
      ASSERT_TRUE(world().accept(std::move(call)).ok());
      auto claimed = world().claim(kF, 2);
      ASSERT_EQ(events(claimed), (Events{"without", event}));
      EXPECT_FALSE(claimed[0].lineage);
      EXPECT_EQ(claimed[1].lineage, lineage);
      ASSERT_EQ(world().settled(claimed[0].receipt), SettleResult::kDone);
      ASSERT_EQ(world().postponed(claimed[1].receipt, in(Seconds{1})), SettleResult::kDone);
      world().advance(Seconds{2});
      world().crash();
      claimed = world().claim(kF, 2);
      ASSERT_EQ(events(claimed), Events{event});
      EXPECT_EQ(claimed[0].lineage, lineage);
      EXPECT_EQ(world().settled(claimed[0].receipt), SettleResult::kDone);
    }
  }
}

TEST_P(QueueContract, Q5_LargeAndSmallEventsComeInOneOrder) {
  const Events all{"first", large('a'), "", large('b'), "last"};
  for (const std::string& event : all) world().accepted(kF, event);
  EXPECT_EQ(events(world().claim(kF, 9)), all);
}

TEST_P(QueueContract, Q9_ACallWithALargeEventIsStopped) {
  const CallId ready = world().accepted(kF, large('a'));
  NewCall later = world().call(kF, large('b'));
  later.due = in(Seconds{5});
  ASSERT_TRUE(world().accept(later).ok());
  EXPECT_EQ(world().stopped(ready), StopResult::kStopped);
  EXPECT_EQ(world().stopped(later.id), StopResult::kStopped);
  world().crash();
  world().advance(Seconds{10});
  EXPECT_TRUE(world().claim(kF, 9).empty());
}

TEST_P(QueueContract, Q10_ALargeSuccessorComesWithTheEnd) {
  world().accepted(kF);
  Ending ending = Settlement::kSucceeded;
  ending.successor = world().call(kG, large('a'));
  EXPECT_EQ(world().settled(world().claim(kF).at(0).receipt, ending), SettleResult::kDone);
  EXPECT_TRUE(world().claim(kF).empty());
  EXPECT_EQ(events(world().claim(kG)), Events{large('a')});
}

}  // namespace
}  // namespace convoke::fake
