// The fixture of the queue contract's suite: every store, one after the other.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/queue/harness.h"

namespace convoke::fake {

inline constexpr FunctionId kF{1};
inline constexpr FunctionId kG{2};

struct Store {
  std::string name;
  std::function<std::unique_ptr<StoreHarness>(const Limits&)> make;
};

class QueueContract : public ::testing::TestWithParam<Store> {
 protected:
  void make(const Limits& limits) { world_ = GetParam().make(limits); }
  StoreHarness& world() {
    if (world_ == nullptr) make(Limits{});
    return *world_;
  }
  Queue& queue() { return world().queue(); }
  WallTime in(Millis from_now) { return world().clock.wall() + from_now; }

 private:
  std::unique_ptr<StoreHarness> world_;
};

inline std::vector<std::string> events(const std::vector<ClaimedCall>& calls) {
  std::vector<std::string> all;
  for (const ClaimedCall& call : calls) all.push_back(call.event);
  return all;
}

using Events = std::vector<std::string>;

}  // namespace convoke::fake
