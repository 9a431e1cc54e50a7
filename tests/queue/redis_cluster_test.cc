// Several engines on one real Redis Cluster, while its slots move and its masters die.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/queue/redis_cluster_world.h"
#include "tests/queue/redis_engines.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};
constexpr FunctionId kG{2};
using Engine = RedisEngines::Engine;

class ClusterEngines final : public RedisEngines {
 public:
  explicit ClusterEngines(redis::Options options = {})
      : RedisEngines(std::move(options), cluster().node(0), started().target()) {}

  static redis::RedisCluster& cluster() { return RedisClusterWorld::cluster(); }
  std::string ask(const std::vector<std::string>& words) override { return cluster().ask(words); }

  [[nodiscard]] std::string key_of(FunctionId function) const {
    return redis::FunctionKeys(prefix(), function).stream();
  }
  // To the next master.
  void move(const std::string& key) {
    const std::size_t from = cluster().owner_of(key);
    cluster().move(redis::slot_of(key), from, (from + 1) % redis::RedisCluster::kNodes);
  }

 private:
  static redis::RedisCluster& started() {
    cluster().start();
    return cluster();
  }
};

TEST(RedisClusterSlots, AreThoseOfARealNode) {
  Rng rng = Rng::seeded(5);
  redis::RedisServer& node = RedisClusterWorld::cluster().node(0);
  for (int i = 0; i < 300; ++i) {
    std::string key;
    for (std::size_t size = rng.below(9); size > 0; --size) key += "{}ab\xff"[rng.below(5)];
    EXPECT_EQ(node.ask({"CLUSTER", "KEYSLOT", key}), std::to_string(redis::slot_of(key))) << key;
  }
}

TEST(RedisClusterEngines, OfManyFunctionsEachCallIsHandedToOneEngineOnce) {
  ClusterEngines world;
  Engine& one = world.start();
  Engine& other = world.start();
  std::set<std::size_t> masters;
  std::set<CallId> all;
  for (std::uint64_t f = 1; f <= 12; ++f) {
    masters.insert(world.cluster().owner_of(world.key_of(FunctionId{f})));
    for (int i = 0; i < 4; ++i) all.insert(world.accepted(i % 2 == 0 ? one : other, FunctionId{f}));
  }
  EXPECT_EQ(masters.size(), redis::RedisCluster::kNodes);
  std::set<CallId> handed_out;
  for (std::uint64_t f = 1; f <= 12; ++f) {
    for (Engine* by : {&one, &other}) {
      for (const ClaimedCall& call : world.claim(*by, FunctionId{f}, 2)) {
        EXPECT_TRUE(handed_out.insert(call.receipt.id).second) << "twice";
        EXPECT_EQ(world.settled(*by, call.receipt), SettleResult::kDone);
      }
    }
    EXPECT_EQ(world.drift(FunctionId{f}), 0);
  }
  EXPECT_EQ(handed_out, all);
}

TEST(RedisClusterEngines, ACallOfOneIsHeardOfByAnotherAndAStopEndsItThere) {
  ClusterEngines world;
  Engine& one = world.start();
  Engine& other = world.start();
  const CallId id = world.accepted(one, kF);
  world.until([&] { return other.heard.ready[kF.value] > 0; });
  const ClaimedCall held = world.claim(other, kF).at(0);
  std::optional<StopResult> stopped;
  one.queue().stop(kF, id, [&](StopResult result) { stopped = result; });
  world.until([&] { return !other.heard.stops_asked.empty(); });
  ASSERT_EQ(world.settled(other, held.receipt, Settlement::kStopped), SettleResult::kDone);
  other.heard.stops_asked.front().second(StopResult::kStopped);
  world.until([&] { return stopped.has_value(); });
  EXPECT_EQ(stopped, StopResult::kStopped);
}

TEST(RedisClusterEngines, WhatADeadOneHeldIsTakenOver) {
  redis::Options options;
  options.silence_max = Millis{60};  // by the server's clock, which is real
  ClusterEngines world(options);
  Engine& one = world.start();
  for (const FunctionId function : {kF, kG}) {
    world.accepted(one, function);
    ASSERT_EQ(world.claim(one, function).size(), 1U);
  }
  RedisEngines::kill(one);
  Engine& other = world.start();
  world.until([&] {
    world.pass(Seconds{1});  // to its heartbeats
    return other.heard.ready[kF.value] > 0 && other.heard.ready[kG.value] > 0;
  });
  for (const FunctionId function : {kF, kG}) {
    EXPECT_TRUE(world.claim(other, function).at(0).maybe_repeated);
  }
}

// ---- slots that move ----

TEST(RedisClusterEngines, WhileASlotMovesItsCallsWaitAndGoOnWhenItHasMoved) {
  ClusterEngines world;
  Engine& one = world.start();
  world.accepted(one, kF);
  const Receipt receipt = world.claim(one, kF).at(0).receipt;
  const std::string key = world.key_of(kF);
  const redis::Slot slot = redis::slot_of(key);
  const std::size_t from = world.cluster().owner_of(key);
  const std::size_t to = (from + 1) % redis::RedisCluster::kNodes;
  world.cluster().begin_move(slot, from, to);
  world.cluster().carry(key, from, to);
  std::optional<SettleResult> settled;
  one.queue().settle(receipt, Settlement::kSucceeded,
                     [&](SettleResult result) { settled = result; });
  std::optional<Result<void>> accepted;
  one.queue().accept(world.call(kF), [&](Result<void> result) { accepted = std::move(result); });
  one.queue().claim(kF, 1);
  const CallId elsewhere = world.accepted(one, kG);
  EXPECT_EQ(world.claim(one, kG).at(0).receipt.id, elsewhere) << "other slots go on";
  EXPECT_FALSE(settled || accepted);
  world.cluster().carry_keys(slot, from, to);
  world.cluster().end_move(slot, to);
  world.settle();
  EXPECT_EQ(settled, SettleResult::kDone);
  ASSERT_TRUE(accepted);
  EXPECT_TRUE(accepted->ok());
  EXPECT_EQ(world.drift(kF), 0);
  EXPECT_TRUE(one.store->health().ok());
}

// Else a script of which all keys are at the old end would be begun there, and break off when it
// has taken the last element out of one of them.
TEST(RedisClusterEngines, NoScriptIsBegunOnASlotThatHasBegunToMove) {
  ClusterEngines world;
  Engine& one = world.start();
  NewCall delayed = world.call(kF);
  delayed.name = "name";
  delayed.due = world.clock.wall() + Seconds{100};
  bool there = false;
  one.queue().accept(delayed, [&](const Result<void>& result) { there = result.ok(); });
  world.until([&] { return there; });
  world.accepted(one, kF);
  ASSERT_EQ(world.claim(one, kF).size(), 1U);
  const redis::FunctionKeys keys(world.prefix(), kF);
  for (const std::string& key : keys.all()) ASSERT_EQ(world.ask({"EXISTS", key}), "1") << key;
  const redis::Slot slot = redis::slot_of(keys.stream());
  const std::size_t from = world.cluster().owner_of(keys.stream());
  const std::size_t to = (from + 1) % redis::RedisCluster::kNodes;
  world.cluster().begin_move(slot, from, to);
  bool accepted = false;
  one.queue().accept(world.call(kF), [&](const Result<void>& result) { accepted = result.ok(); });
  for (int i = 0; i < 100; ++i) world.turn();
  EXPECT_FALSE(accepted);
  EXPECT_EQ(world.cluster().node(from).ask({"XLEN", keys.stream()}), "1");
  world.cluster().carry_keys(slot, from, to);
  world.cluster().end_move(slot, to);
  world.until([&] { return accepted; });
  EXPECT_EQ(world.drift(kF), 0);
}

// Else an engine that dies at that moment leaves a call that nobody looks for.
TEST(RedisClusterEngines, NoCallIsThereBeforeItsFunctionIsNotedWhereverThatIs) {
  ClusterEngines world;
  Engine& one = world.start();
  const std::string functions = redis::SharedKeys(world.prefix()).functions;
  const std::string slot = std::to_string(redis::slot_of(functions));
  redis::RedisServer& owner = world.cluster().node(world.cluster().owner_of(functions));
  owner.ask({"CONFIG", "SET", "cluster-require-full-coverage", "no"});
  ASSERT_EQ(owner.ask({"CLUSTER", "DELSLOTS", slot}), "OK");
  bool accepted = false;
  one.queue().accept(world.call(kF), [&](const Result<void>& result) { accepted = result.ok(); });
  for (int i = 0; i < 100; ++i) world.turn();
  EXPECT_EQ(world.ask({"EXISTS", world.key_of(kF)}), "0");
  ASSERT_EQ(owner.ask({"CLUSTER", "ADDSLOTS", slot}), "OK");
  world.until([&] { return accepted; });
  EXPECT_EQ(world.ask({"SISMEMBER", functions, std::to_string(kF.value)}), "1");
  EXPECT_EQ(world.ask({"XLEN", world.key_of(kF)}), "1");
  owner.ask({"CONFIG", "SET", "cluster-require-full-coverage", "yes"});
}

TEST(RedisClusterEngines, NoCallIsLostOrRunTwiceWhileEverySlotThatCountsMoves) {
  ClusterEngines world;
  std::vector<Engine*> engines = {&world.start(), &world.start()};
  std::set<CallId> accepted;
  std::map<CallId, int> ended;
  const auto work = [&](Engine& engine, FunctionId function) {
    const NewCall call = world.call(function);
    engine.queue().accept(call, [&, id = call.id](const Result<void>& result) {
      if (result.ok()) accepted.insert(id);
    });
    engine.queue().claim(function, 3);
    for (const ClaimedCall& held : engine.heard.take(function)) {
      engine.queue().settle(held.receipt, Settlement::kSucceeded,
                            [&, id = held.receipt.id](SettleResult result) {
                              if (result == SettleResult::kDone) ++ended[id];
                            });
    }
  };
  const auto busy = [&](int turns) {
    for (int i = 0; i < turns; ++i) {
      for (Engine* const engine : engines) work(*engine, i % 2 == 0 ? kF : kG);
      world.turn();
    }
  };
  const redis::SharedKeys shared(world.prefix());
  busy(20);
  for (int round = 0; round < 3; ++round) {
    for (const std::string& key : {world.key_of(kF), world.key_of(kG), shared.engines,
                                   shared.functions, shared.waiting, shared.incarnation}) {
      const std::size_t from = world.cluster().owner_of(key);
      const std::size_t to = (from + 1) % redis::RedisCluster::kNodes;
      world.cluster().begin_move(redis::slot_of(key), from, to);
      busy(5);
      world.cluster().carry_keys(redis::slot_of(key), from, to);
      busy(5);
      world.cluster().end_move(redis::slot_of(key), to);
      busy(5);
    }
  }
  world.until([&] {
    busy(1);
    return ended.size() + 50 > accepted.size();
  });
  for (const FunctionId function : {kF, kG}) {
    world.until([&] {
      for (Engine* const engine : engines) {
        for (const ClaimedCall& held : engine->heard.take(function)) {
          if (world.settled(*engine, held.receipt) == SettleResult::kDone) ++ended[held.receipt.id];
        }
        engine->queue().claim(function, 10);
      }
      world.settle();
      return world.ask({"XLEN", world.key_of(function)}) == "0";
    });
    EXPECT_EQ(world.drift(function), 0);
  }
  EXPECT_GT(accepted.size(), 100U);
  for (const CallId& id : accepted) EXPECT_EQ(ended[id], 1) << id.text();
  for (Engine* const engine : engines) EXPECT_TRUE(engine->alarms.empty()) << engine->alarms[0];
}

// ---- masters that die ----

TEST(RedisClusterEngines, WhatAKilledMasterAcknowledgedIsThereWhenItIsBack) {
  ClusterEngines world;
  Engine& one = world.start();
  const CallId before = world.accepted(one, kF);
  redis::RedisServer& master = world.cluster().node(world.cluster().owner_of(world.key_of(kF)));
  master.kill();
  world.until([&] { return !one.store->health().ok(); });
  std::optional<Result<void>> refused;
  one.queue().accept(world.call(kG), [&](Result<void> result) { refused = std::move(result); });
  world.until([&] { return refused.has_value(); });
  EXPECT_EQ(refused->error().code, ErrorCode::kServiceUnavailable);
  world.cluster().start();
  world.come_back();
  const auto calls = world.claim(one, kF, 9);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].receipt.id, before);
  EXPECT_EQ(world.settled(one, calls[0].receipt), SettleResult::kDone);
  EXPECT_EQ(world.drift(kF), 0);
}

TEST(RedisClusterEngines, OneMasterThatWouldForgetIsEnoughToRefuseCalls) {
  ClusterEngines world;
  redis::RedisServer& lax = world.cluster().node(1);
  lax.ask({"CONFIG", "SET", "appendfsync", "everysec"});
  Engine& one = world.begin_to_start();
  world.until([&] {
    const auto health = one.store->health();
    return !health && health.error().message.find("everysec") != std::string::npos;
  });
  lax.ask({"CONFIG", "SET", "appendfsync", "always"});
}

}  // namespace
}  // namespace convoke::fake
