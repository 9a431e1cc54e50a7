// `--durability replicas:N`, with a real primary and real replicas: what is acknowledged, they
// have.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/queue/redis_engines.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};
constexpr FunctionId kG{2};
using Engine = RedisEngines::Engine;

redis::Options replicas(std::uint8_t count) {
  redis::Options options;
  options.durability = {redis::Durability::kReplicas, count};
  return options;
}

struct Replicated {
  explicit Replicated(std::uint8_t wanted = 1) : world(replicas(wanted), primary) {
    wait_for_link(1);
  }

  void wait_for_link(int count) {
    const std::string has = "connected_slaves:" + std::to_string(count);
    world.until([&] {
      const std::string said = primary.ask({"INFO", "replication"});
      return said.find(has) != std::string::npos && (count == 0 || online(said));
    });
  }
  static bool online(const std::string& said) {
    return said.find("state=online") != std::string::npos;
  }

  Result<void> accept(Engine& by, FunctionId function = kF) {
    return accept(by, world.call(function));
  }
  Result<void> accept(Engine& by, const NewCall& call) {
    std::optional<Result<void>> answer;
    by.queue().accept(call, [&answer](const Result<void>& result) { answer = result; });
    world.until([&answer] { return answer.has_value(); });
    return *answer;
  }
  std::string length(redis::RedisServer& server, FunctionId function = kF) const {
    return server.ask({"XLEN", redis::FunctionKeys(world.prefix(), function).all()[0]});
  }

  const std::string port = redis::free_loopback_port();
  redis::RedisServer primary{
      {"--port", port, "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0"}};
  redis::RedisServer replica{{"--replicaof", "127.0.0.1", port}};
  RedisEngines world;
};

bool says(const Result<void>& result, const std::string& words) {
  return !result && result.error().code == ErrorCode::kServiceUnavailable &&
         result.error().message.find(words) != std::string::npos;
}

TEST(RedisReplicas, WhatIsAcknowledgedTheReplicaHas) {
  Replicated it;
  Engine& engine = it.world.start();
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(it.accept(engine));
    EXPECT_EQ(it.length(it.replica), std::to_string(i));
  }
  const auto claimed = it.world.claim(engine, kF, 20);
  ASSERT_EQ(claimed.size(), 20U);
  for (const ClaimedCall& call : claimed) {
    EXPECT_EQ(it.world.settled(engine, call.receipt), SettleResult::kDone);
  }
  EXPECT_EQ(it.world.drift(kF), 0);
}

TEST(RedisReplicas, ACallThatTheReplicaDoesNotGetIsNotAcknowledgedAndTheNextIsNotTaken) {
  Replicated it;
  Engine& engine = it.world.start();
  ASSERT_TRUE(it.accept(engine));
  it.replica.kill();
  it.wait_for_link(0);
  const Result<void> taken = it.accept(engine);
  EXPECT_TRUE(says(taken, "has taken the call, but 0 of its replicas have it, and 1 must"));
  EXPECT_EQ(it.length(it.primary), "2");
  EXPECT_TRUE(says(it.accept(engine), "the call was not taken"));
  EXPECT_EQ(it.length(it.primary), "2");
  EXPECT_EQ(engine.alarms.size(), 1U);

  it.replica.start();
  it.world.until([&] { return it.accept(engine).ok(); });
  EXPECT_EQ(it.length(it.replica), "3");
}

TEST(RedisReplicas, WhatIsAcceptedWhileTheReplicaIsWaitedForGoesTogetherOnceItIsBack) {
  Replicated it;
  Engine& engine = it.world.start();
  ASSERT_TRUE(it.accept(engine));
  it.replica.pause();
  int answered = 0;
  for (int i = 0; i < 10; ++i) {
    engine.queue().accept(it.world.call(i % 2 == 0 ? kF : kG), [&](const Result<void>& result) {
      EXPECT_TRUE(result.ok());
      ++answered;
    });
    it.world.turn();
  }
  EXPECT_EQ(answered, 0);
  it.replica.resume();
  it.world.until([&] { return answered == 10; });
  EXPECT_EQ(it.length(it.replica, kG), "5");
}

TEST(RedisReplicas, WithFewerThanAskedForNothingIsTakenFromTheStart) {
  Replicated it(2);
  Engine& engine = it.world.start();
  EXPECT_TRUE(says(it.accept(engine), "2 replicas of the queue's server must have"));
  EXPECT_EQ(it.length(it.primary), "0");
  ASSERT_EQ(engine.alarms.size(), 1U);
}

TEST(RedisReplicas, ANameInUseIsSaidSoAndAFlushedScriptCacheCostsNothing) {
  Replicated it;
  Engine& engine = it.world.start();
  NewCall named = it.world.call(kF);
  named.name = "name";
  ASSERT_TRUE(it.accept(engine, named));
  it.primary.ask({"SCRIPT", "FLUSH"});
  named.id = it.world.call(kF).id;
  const Result<void> again = it.accept(engine, named);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kCallAlreadyExists);
  it.primary.ask({"SCRIPT", "FLUSH"});
  EXPECT_TRUE(it.accept(engine));
}

TEST(RedisReplicas, ACallWhoseConnectionIsCutIsAnsweredAndTheNextIsAccepted) {
  Replicated it;
  Engine& engine = it.world.start();
  it.replica.pause();
  std::optional<Result<void>> answer;
  engine.queue().accept(it.world.call(kF), [&](const Result<void>& result) { answer = result; });
  it.world.until([&] { return it.length(it.primary) == "1"; });
  it.primary.ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  it.world.until([&] { return answer.has_value(); });
  EXPECT_TRUE(says(*answer, "whether 1 of its replicas have it is not known"));
  it.replica.resume();
  it.world.until([&] { return engine.store->health().ok() && it.accept(engine).ok(); });
  EXPECT_EQ(it.world.claim(engine, kF, 9).size(), 2U);
}

TEST(Durability, ReplicasNeedAnAppendOnlyFileOnTheirPrimary) {
  const redis::ServerSettings none{"no", "always", "no", "noeviction", {}, {}};
  const auto why = redis::unfit(none, {redis::Durability::kReplicas, 1});
  ASSERT_TRUE(why);
  EXPECT_NE(why->message.find("appendonly yes"), std::string::npos);
}

TEST(Durability, ItsWords) {
  using redis::Durability;
  using redis::parse_durability;
  EXPECT_EQ(parse_durability("fsync")->kind, Durability::kFsync);
  EXPECT_EQ(parse_durability("server")->kind, Durability::kServer);
  EXPECT_EQ(parse_durability("replicas:9")->kind, Durability::kReplicas);
  EXPECT_EQ(parse_durability("replicas:9")->replicas, 9);
  for (const char* wrong : {"", "replicas", "replicas:", "replicas:0", "replicas:10", "replicas:-",
                            "replicas:a", "Fsync", "fsync "}) {
    EXPECT_FALSE(parse_durability(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace convoke::fake
