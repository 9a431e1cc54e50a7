#include "core/guard/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace convoke {
namespace {

constexpr ShardIndex kHere{0};
constexpr ShardIndex kThere{1};

TEST(Gate, PlacesNeverExceedTheLimitWhoeverAsks) {
  Gate gate(4);
  gate.set_limit(5);
  std::atomic<std::uint32_t> held{0};
  std::atomic<std::uint32_t> most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        if (!gate.take_place()) continue;
        const std::uint32_t now = ++held;
        std::uint32_t seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --held;
        gate.leave_place();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 5U);
  EXPECT_EQ(gate.places(), 0U);
}

TEST(Gate, AStoppedFunctionHasNoPlace) {
  Gate gate(1);
  gate.set_limit(0);
  EXPECT_TRUE(gate.stopped());
  EXPECT_FALSE(gate.take_place());
  gate.set_limit(kUnlimited);
  EXPECT_TRUE(gate.take_place());
}

TEST(Gate, ASlotIsTakenOnceOnWhicheverShard) {
  Gate gate(2);
  gate.free_slot(kThere);
  EXPECT_FALSE(gate.take_slot(kHere));
  EXPECT_TRUE(gate.any_slot_free());
  EXPECT_EQ(gate.take_slot_elsewhere(kHere), kThere);
  EXPECT_EQ(gate.take_slot_elsewhere(kHere), std::nullopt);
  EXPECT_FALSE(gate.any_slot_free());
}

TEST(Gate, TheEarliestCallerOnAnyShardComesNext) {
  Gate gate(2);
  EXPECT_FALSE(gate.next_waiter());
  gate.publish(kHere, 200, kNobodyWaits);
  gate.publish(kThere, 100, kNobodyWaits);
  EXPECT_EQ(gate.next_waiter()->shard, kThere);
  gate.publish(kThere, kNobodyWaits, kNobodyWaits);
  EXPECT_EQ(gate.next_waiter()->shard, kHere);
}

TEST(Gate, QueuedCallsHaveEveryEighthTurnAmongCallers) {
  Gate gate(2);
  gate.publish(kHere, 1, kNobodyWaits);
  gate.publish(kThere, kNobodyWaits, 1);
  int queued = 0;
  for (int i = 0; i < 80; ++i) queued += gate.next_waiter()->kind == Waiter::kQueued ? 1 : 0;
  EXPECT_EQ(queued, 10);
}

// Dekker's rule, run by two threads: a slot that is freed and a caller that begins to wait never
// miss each other.
TEST(Gate, AFreedSlotAndANewWaiterNeverMissEachOther) {
  for (int round = 0; round < 2'000; ++round) {
    Gate gate(2);
    bool freer_saw = false;
    bool waiter_saw = false;
    std::thread freer([&] {
      gate.free_slot(kHere);
      freer_saw = gate.next_waiter().has_value();
    });
    gate.publish(kThere, 1, kNobodyWaits);
    waiter_saw = gate.any_slot_free();
    freer.join();
    ASSERT_TRUE(freer_saw || waiter_saw);
  }
}

TEST(AccountPlaces, AreBoundedAndRememberWhoWaits) {
  AccountPlaces account(1);
  EXPECT_TRUE(account.take());
  EXPECT_FALSE(account.take());
  account.wait_for_place(kThere);
  EXPECT_EQ(account.take_waiting(), 2U);
  EXPECT_EQ(account.take_waiting(), 0U);
  account.leave();
  EXPECT_TRUE(account.take());
}

}  // namespace
}  // namespace convoke
