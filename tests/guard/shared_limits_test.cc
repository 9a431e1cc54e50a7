// Two engines' parts of one limit, on a real server.
#include "core/guard/shared/shared_limits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "tests/redis_server.h"

namespace convoke {
namespace {

constexpr FunctionId kF{1};
constexpr ShardIndex kShard{0};
constexpr Seconds kLease{3};

struct Engine {
  Engine(const std::string& name, const redis::RedisServer& server, const redis::LinkWorld& world,
         bool outlives_server = false)
      : limits(
            options(name, server, outlives_server), world, gates, Rng::seeded(name.size()),
            [](const std::function<void()>& task) { task(); }, [](FunctionId) {}) {
    gate->set_limit(5);
  }

  static SharedLimitsOptions options(const std::string& name, const redis::RedisServer& server,
                                     bool outlives_server) {
    SharedLimitsOptions options;
    options.link.target = server.target();
    options.prefix = "test";
    options.engine = name;
    options.lease = kLease;
    options.outlives_server = outlives_server;
    return options;
  }

  // Somebody waits, and whatever is allowed has an instance.
  void saturate() {
    gate->publish(kShard, 1, kNobodyWaits);
    while (gate->take_place()) {
    }
    if (gate->short_of_share() && gate->begin_to_want()) limits.want(kF);
  }
  GateTable gates{1, 0};
  const std::shared_ptr<Gate> gate = gates.of(kF);
  SharedLimits limits;
};

class SharedLimitsTest : public testing::Test {
 protected:
  ~SharedLimitsTest() override {
    one_.reset();
    other_.reset();
    while (loop_.active_handles() > 0) turn();
  }

  void turn() {
    loop_.turn_again();
    loop_.run_one_turn();
  }
  template <class Condition, class Each>
  void until(Condition condition, Each each) {
    const Instant end = loop_.now() + Seconds{30};
    while (!condition()) {
      ASSERT_LT(loop_.now(), end);
      each();
      turn();
    }
  }
  // Each as it may; what is beyond its part goes.
  void saturate_both() {
    for (Engine* engine : {one_.get(), other_.get()}) {
      while (engine->gate->places() > engine->gate->allowed()) engine->gate->leave_place();
      engine->saturate();
    }
  }
  [[nodiscard]] std::uint32_t both() const { return one_->gate->places() + other_->gate->places(); }
  std::string part_of(const std::string& engine) {
    return server_.ask({"HGET", "{test:1}:s", engine});
  }
  int asked() {
    const std::string stats = server_.ask({"INFO", "commandstats"});
    const std::size_t at = stats.find("cmdstat_evalsha:calls=");
    return at == std::string::npos ? 0 : std::stoi(stats.substr(at + 22));
  }

  redis::RedisServer server_;
  Loop loop_;
  LoopWires wires_{loop_};
  redis::LinkWorld world_{wires_, loop_, loop_.timers()};
  std::unique_ptr<Engine> one_ = std::make_unique<Engine>("one", server_, world_);
  std::unique_ptr<Engine> other_ = std::make_unique<Engine>("other", server_, world_);
};

TEST_F(SharedLimitsTest, OneAloneGetsAllAndTheSumIsNeverMore) {
  until([&] { return one_->gate->places() == 5; }, [&] { one_->saturate(); });
  until([&] { return both() == 5 && one_->gate->places() > 1 && other_->gate->places() > 1; },
        [&] {
          saturate_both();
          EXPECT_LE(both(), 5U);
        });
}

TEST_F(SharedLimitsTest, WhoseTimeWasOverGetsNothingForInstancesThatItStillHas) {
  until([&] { return one_->gate->places() == 5; }, [&] { one_->saturate(); });
  server_.ask(
      {"HDEL", "{test:1}:s", "one"});  // as when it was frozen for longer than its part lasts
  until([&] { return other_->gate->places() == 5; }, [&] { other_->saturate(); });
  until([&] { return one_->gate->allowed() == 0; },
        [&] { one_->gate->publish(kShard, 1, kNobodyWaits); });
  EXPECT_EQ(one_->gate->places(), 5U) << "its instances go as they fall idle, and none is begun";
}

TEST_F(SharedLimitsTest, WithoutTheServerAPartIsKeptBeyondItsLeaseWhereThatIsAskedFor) {
  Engine keeps("keeps", server_, world_, true);
  until([&] { return keeps.gate->places() == 5; }, [&] { keeps.saturate(); });
  server_.kill();
  const Instant end = loop_.now() + kLease + Seconds{1};
  until([&] { return loop_.now() > end; }, [&] { EXPECT_EQ(keeps.gate->allowed(), 5U); });
}

TEST_F(SharedLimitsTest, TwoThatAreBothHungryDoNotAskWithoutEnd) {
  until([&] { return both() == 5 && one_->gate->places() > 1 && other_->gate->places() > 1; },
        [&] { saturate_both(); });
  const int before = asked();
  const Instant end = loop_.now() + Seconds{1};
  until([&] { return loop_.now() >= end; }, [&] { saturate_both(); });
  EXPECT_LT(asked() - before, 40) << "each asks four times a second, not as fast as it can";
}

TEST_F(SharedLimitsTest, WhatIsNotNeededAnyMoreGoesBack) {
  until([&] { return one_->gate->places() == 5; }, [&] { one_->saturate(); });
  one_->gate->publish(kShard, kNobodyWaits, kNobodyWaits);
  while (one_->gate->places() > 0) one_->gate->leave_place();
  until([&] { return part_of("one").empty(); }, [] {});
}

TEST_F(SharedLimitsTest, AFallingLimitIsSharedInProportionAtOnce) {
  until([&] { return one_->gate->places() == 5; }, [&] { one_->saturate(); });
  one_->limits.on_limit(kF, 5, 2);
  one_->gate->set_limit(2);
  EXPECT_EQ(one_->gate->allowed(), 2U);
  one_->limits.on_limit(kF, 2, kUnlimited);
  one_->gate->set_limit(kUnlimited);
  EXPECT_EQ(one_->gate->allowed(), kUnlimited);
  one_->limits.on_limit(kF, kUnlimited, 3);
  one_->gate->set_limit(3);
  EXPECT_EQ(one_->gate->allowed(), 0U) << "until it is known what others have";
}

}  // namespace
}  // namespace convoke
