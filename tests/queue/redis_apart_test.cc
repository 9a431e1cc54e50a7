// Events that lie apart, on a real server: whose they are at any time, and that none is left
// behind.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/queue/redis_engines.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};
using Engine = RedisEngines::Engine;

redis::Options in_small_pieces() {
  redis::Options options;
  options.apart = {100, 60};
  return options;
}

class RedisApart : public ::testing::Test {
 protected:
  [[nodiscard]] std::string key_of(const CallId& id) const {
    return redis::FunctionKeys(world.prefix(), kF).event(redis::apart_id(id));
  }
  // -1: it stays; -2: it is not there.
  int ends_within(const CallId& id) { return std::stoi(world.ask({"PTTL", key_of(id)})); }
  CallId accepted(Engine& by, const std::string& name = "") {
    NewCall call = world.call(kF, event);
    call.name = name;
    bool done = false;
    by.queue().accept(call, [&done](const Result<void>& result) { done = result.ok(); });
    world.until([&done] { return done; });
    return call.id;
  }
  SettleResult failed(Engine& by, const ClaimedCall& call) {
    Ending ending = Settlement::kFailed;
    if (call.name.empty()) ending.event = std::make_shared<const std::string>(call.event);
    return world.settled(by, call.receipt, ending);
  }
  std::optional<history::Record> record_of(Engine& by, const CallId& id) {
    std::optional<std::optional<history::Record>> found;
    world.settle();
    by.store->archive().get(id, history::Payload::kWith,
                            [&found](auto record) { found = *std::move(record); });
    world.until([&found] { return found.has_value(); });
    return *found;
  }
  void purge(Engine& by, const CallId& id) {
    bool done = false;
    by.store->archive().purge({{kF, id}}, [&done](const auto& purged) { done = *purged == 1; });
    world.until([&done] { return done; });
  }

  RedisEngines world{in_small_pieces()};
  const std::string event = std::string(500, 'x') + "end";
};

TEST_F(RedisApart, AnEventIsItsCallsAndGoesWithIt) {
  Engine& one = world.start();
  const CallId id = accepted(one);
  EXPECT_EQ(ends_within(id), -1);
  EXPECT_EQ(world.ask({"HLEN", key_of(id)}), "9");
  const auto claimed = world.claim(one, kF);
  EXPECT_EQ(claimed.at(0).event, event);
  EXPECT_EQ(world.settled(one, claimed.at(0).receipt), SettleResult::kDone);
  EXPECT_EQ(ends_within(id), -2);
}

TEST_F(RedisApart, AnotherEngineHasItWhenItTakesTheCallOver) {
  Engine& one = world.start();
  accepted(one);
  ASSERT_EQ(world.claim(one, kF).size(), 1U);
  const std::uint64_t life = one.store->incarnation();
  RedisEngines::kill(one);
  Engine& heir = world.start(life);
  world.until([&] { return heir.queue().counts(kF).ready == 1; });
  const auto claimed = world.claim(heir, kF);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].event, event);
  EXPECT_TRUE(claimed[0].maybe_repeated);
}

TEST_F(RedisApart, WhatAnEngineBeganToBringWhenItDiedGoesByItself) {
  Engine& one = world.start();
  const NewCall call = world.call(kF, std::string(100'000, 'x'));
  one.queue().accept(call, [](const Result<void>&) { ADD_FAILURE() << "it is dead"; });
  world.until([&] { return ends_within(call.id) > 0; });
  RedisEngines::kill(one);
  EXPECT_LE(ends_within(call.id), 60'000);
  EXPECT_EQ(world.ask({"XLEN", redis::FunctionKeys(world.prefix(), kF).stream()}), "0");
}

TEST_F(RedisApart, AnAcceptThatIsRefusedLeavesWhatGoesByItself) {
  Engine& one = world.start();
  accepted(one, "job");
  NewCall same = world.call(kF, event);
  same.name = "job";
  std::optional<ErrorCode> refused;
  one.queue().accept(same, [&](const Result<void>& result) { refused = result.error().code; });
  world.until([&] { return refused.has_value(); });
  EXPECT_EQ(*refused, ErrorCode::kCallAlreadyExists);
  EXPECT_GT(ends_within(same.id), 0);
}

TEST_F(RedisApart, ACallWhoseEventSomebodyDeletedIsHandedOutToFailAndShownSo) {
  Engine& one = world.start();
  const CallId id = accepted(one);
  world.ask({"DEL", key_of(id)});
  const auto claimed = world.claim(one, kF);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_TRUE(claimed[0].event_lost);
  EXPECT_EQ(failed(one, claimed[0]), SettleResult::kDone);
  EXPECT_EQ(world.drift(kF), 0);
  const auto record = record_of(one, id);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, CallState::kFailed);
  EXPECT_TRUE(record->event_lost);
}

TEST_F(RedisApart, OneOfWhichAPieceIsGoneIsLostToo) {
  Engine& one = world.start();
  const CallId id = accepted(one);
  world.ask({"HDEL", key_of(id), "3"});
  EXPECT_TRUE(world.claim(one, kF).at(0).event_lost);
}

TEST_F(RedisApart, AFailedCallsEventIsKeptWithItsRecordAndGoesWithThat) {
  Engine& one = world.start();
  const CallId id = accepted(one);
  EXPECT_EQ(failed(one, world.claim(one, kF).at(0)), SettleResult::kDone);
  EXPECT_EQ(ends_within(id), -1);
  EXPECT_EQ(record_of(one, id)->event, event);
  const std::string counts = redis::FunctionKeys(world.prefix(), kF).all()[2];
  EXPECT_EQ(world.ask({"HGET", counts, "kept"}), std::to_string(event.size()));
  purge(one, id);
  EXPECT_EQ(ends_within(id), -2);
  EXPECT_EQ(world.ask({"HGET", counts, "kept"}), "0");
}

TEST_F(RedisApart, ANamedCallsEventIsShownWhereverTheCallStands) {
  Engine& one = world.start();
  const CallId id = accepted(one, "job");
  EXPECT_EQ(record_of(one, id)->event, event);
  const auto claimed = world.claim(one, kF);
  EXPECT_EQ(record_of(one, id)->event, event);
  EXPECT_EQ(world.settled(one, claimed.at(0).receipt), SettleResult::kDone);
  EXPECT_EQ(record_of(one, id)->event, event);
}

TEST_F(RedisApart, AStoppedCallsEventStaysOnlyWithARecord) {
  Engine& one = world.start();
  const CallId unnamed = accepted(one);
  const CallId named = accepted(one, "job");
  for (const CallId& id : {unnamed, named}) {
    std::optional<StopResult> answer;
    one.queue().stop(kF, id, [&answer](StopResult result) { answer = result; });
    world.until([&answer] { return answer.has_value(); });
    EXPECT_EQ(*answer, StopResult::kStopped);
  }
  EXPECT_EQ(ends_within(unnamed), -2);
  EXPECT_EQ(ends_within(named), -1);
  EXPECT_EQ(record_of(one, named)->event, event);
}

TEST_F(RedisApart, ADeliverysRecordGoesWithIt) {
  Engine& one = world.start();
  const CallId id = accepted(one, "@job");
  EXPECT_EQ(world.settled(one, world.claim(one, kF).at(0).receipt), SettleResult::kDone);
  EXPECT_EQ(ends_within(id), -2);
}

TEST_F(RedisApart, AConnectionThatEndsWhileAnEventComesGivesTheCallBack) {
  Engine& one = world.start();
  accepted(one);
  const int before = one.heard.answers;
  one.queue().claim(kF, 1);
  one.store->submit();
  world.cut_connections();
  world.until([&] { return one.heard.answers > before; });
  auto claimed = one.heard.take(kF);
  if (claimed.empty()) {
    world.until([&] { return one.queue().counts(kF).ready == 1; });
    claimed = world.claim(one, kF);
  }
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].event, event);
}

}  // namespace
}  // namespace convoke::fake
