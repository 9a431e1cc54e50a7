// Two engines' ledgers, on a real server.
#include "core/guard/shared/ledger_exchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "tests/redis_server.h"

namespace convoke {
namespace {

const CallId kRoot = CallId::from_random(1, 2);

struct Engine {
  Engine(std::uint64_t seed, const redis::RedisServer& server, const redis::LinkWorld& world)
      : child{kRoot, CallId::from_random(seed, 1), kRoot, FunctionId{seed}, FunctionId{9}},
        exchange(link(server), "test", world, ledger, Rng::seeded(seed),
                 [](const std::function<void()>& task) { task(); }) {}

  static redis::LinkOptions link(const redis::RedisServer& server) {
    redis::LinkOptions options;
    options.target = server.target();
    return options;
  }
  bool begins(const Budget& budget) {
    return ledger.begin(child, budget, Attempting::kFirst, RootLedger::Past::kStops, WallTime{}) ==
           BudgetLimit::kNone;
  }

  const RootLedger::Child child;
  RootLedger ledger;
  LedgerExchange exchange;
};

class LedgerExchangeTest : public testing::Test {
 protected:
  ~LedgerExchangeTest() override {
    one_.reset();
    other_.reset();
    while (loop_.active_handles() > 0) turn();
  }
  void turn() {
    loop_.turn_again();
    loop_.run_one_turn();
  }
  template <class Condition>
  void until(Condition condition) {
    const Instant end = loop_.now() + Seconds{30};
    while (!condition()) {
      ASSERT_LT(loop_.now(), end);
      turn();
    }
  }

  std::string told(const char* what) {
    return server_.ask({"HGET", "{test:root:" + kRoot.text() + "}:s", what});
  }

  redis::RedisServer server_;
  Loop loop_;
  LoopWires wires_{loop_};
  redis::LinkWorld world_{wires_, loop_, loop_.timers()};
  std::unique_ptr<Engine> one_ = std::make_unique<Engine>(1, server_, world_);
  std::unique_ptr<Engine> other_ = std::make_unique<Engine>(2, server_, world_);
};

TEST_F(LedgerExchangeTest, EachJudgesByTheSumOfAllOnceItHasToldOfItself) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(one_->begins({}));
  one_->ledger.end(one_->child, TreeState::kFailed, Millis{7}, WallTime{});
  until([&] { return told("invocations") == "3" && told("ms") == "7"; });
  EXPECT_TRUE(other_->begins({}));
  until([&] { return other_->ledger.spent(kRoot) == Spent{4, 4, 7}; });
  EXPECT_TRUE(one_->begins({}));
  until([&] { return one_->ledger.spent(kRoot) == Spent{5, 5, 7}; });
}

TEST_F(LedgerExchangeTest, TogetherTheyGoBeyondABudgetByNoMoreThanIsSaid) {
  const Budget budget{1000, 100'000, 100'000};
  int begun = 0;
  int refused = 0;
  for (Engine* const engine : {one_.get(), other_.get()}) {
    EXPECT_TRUE(engine->begins(budget));
    ++begun;
  }
  until([&] { return told("invocations") == "2"; });  // either has found the server
  while (refused < 100) {
    for (Engine* const engine : {one_.get(), other_.get()}) {
      ++(engine->begins(budget) ? begun : refused);
      // Nothing begins within a round trip here, so that it does not matter how long one takes.
      until([&] { return !engine->exchange.under_way(); });
    }
  }
  EXPECT_GE(begun, 1000);
  EXPECT_LE(begun, 1000 + 2 * 64);
}

TEST_F(LedgerExchangeTest, EitherSeesTheCallsOfBoth) {
  EXPECT_TRUE(one_->begins({}));
  EXPECT_TRUE(other_->begins({}));
  one_->ledger.end(one_->child, TreeState::kSucceeded, Millis{7}, WallTime{});
  RootLedger::Tree seen;
  const auto ended = [&] {
    return std::any_of(seen.calls.begin(), seen.calls.end(), [&](const TreeCall& call) {
      return call.id == one_->child.id && call.state == TreeState::kSucceeded;
    });
  };
  until([&] {
    other_->exchange.look(kRoot, [&](const RootLedger::Tree& tree) { seen = tree; });
    return seen.calls.size() == 3 && ended();
  });
  EXPECT_EQ(seen.spent.invocations, 2U);
}

TEST_F(LedgerExchangeTest, WithoutTheServerEachGoesOnByWhatItKnowsAndTellsItLater) {
  EXPECT_TRUE(one_->begins({}));
  until([&] { return told("invocations") == "1"; });
  server_.kill();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(one_->begins({}));
  EXPECT_EQ(one_->ledger.spent(kRoot).invocations, 5U);
  server_.start();
  until([&] {
    const std::string sum = told("invocations");
    return !sum.empty() && std::stoi(sum) >= 5;
  });
}

}  // namespace
}  // namespace convoke
