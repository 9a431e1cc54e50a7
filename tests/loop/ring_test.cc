#include "core/loop/ring.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace convoke {
namespace {

TEST(Ring, FullIsAnAnswerAndTheValueStays) {
  MpscRing<std::unique_ptr<int>> ring(4);
  for (int i = 0; i < 4; ++i) {
    auto value = std::make_unique<int>(i);
    EXPECT_TRUE(ring.push(value));
    EXPECT_EQ(value, nullptr);
  }
  auto refused = std::make_unique<int>(4);
  EXPECT_FALSE(ring.push(refused));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(**ring.pop(), 0);
  EXPECT_TRUE(ring.push(refused));
  for (int i = 1; i <= 4; ++i) EXPECT_EQ(**ring.pop(), i);
  EXPECT_FALSE(ring.pop().has_value());
}

TEST(Ring, OrderHoldsOverManyRounds) {
  MpscRing<int> ring(8);
  int next = 0;
  for (int i = 0; i < 1000;) {
    for (int burst = i % 9; burst >= 0; --burst) {
      int value = i;
      if (ring.push(value)) ++i;
    }
    while (const auto value = ring.pop()) EXPECT_EQ(*value, next++);
  }
}

TEST(Ring, WhatIsLeftIsDestroyedWithIt) {
  const auto watched = std::make_shared<int>(1);
  {
    MpscRing<std::shared_ptr<int>> ring(2);
    auto copy = watched;
    EXPECT_TRUE(ring.push(copy));
  }
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(Ring, ManySendersEachInOrder) {
  constexpr int kSenders = 3;
  constexpr int kEach = 30'000;
  MpscRing<std::pair<int, int>> ring(64);
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&ring, sender] {
      for (int i = 0; i < kEach; ++i) {
        std::pair<int, int> value{sender, i};
        while (!ring.push(value)) std::this_thread::yield();
      }
    });
  }
  std::vector<int> next(kSenders, 0);
  for (int received = 0; received < kSenders * kEach;) {
    const auto value = ring.pop();
    if (!value) {
      std::this_thread::yield();
      continue;
    }
    ++received;
    ASSERT_EQ(value->second, next[static_cast<std::size_t>(value->first)]++);
  }
  for (std::thread& sender : senders) sender.join();
}

}  // namespace
}  // namespace convoke
