// Several engines on one Redis: what one takes from another, and what nobody can take.
#include "tests/queue/redis_engines.h"

#include <gtest/gtest.h>

#include <set>

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};
constexpr FunctionId kG{2};
using Engine = RedisEngines::Engine;

TEST(RedisEngines, EachCallIsHandedToOneOfThem) {
  RedisEngines world;
  Engine& one = world.start();
  Engine& other = world.start();
  std::set<CallId> all;
  for (int i = 0; i < 60; ++i) all.insert(world.accepted(i % 2 == 0 ? one : other, kF));
  std::set<CallId> handed_out;
  for (int i = 0; i < 10; ++i) {
    for (Engine* by : {&one, &other}) {
      for (const ClaimedCall& call : world.claim(*by, kF, 4)) {
        EXPECT_TRUE(handed_out.insert(call.receipt.id).second) << "twice";
        EXPECT_EQ(world.settled(*by, call.receipt), SettleResult::kDone);
      }
    }
  }
  EXPECT_EQ(handed_out, all);
  EXPECT_EQ(world.drift(kF), 0);
}

TEST(RedisEngines, ACallThatItsOwnEngineDoesNotTakeIsHeardOfByAnother) {
  RedisEngines world;
  Engine& one = world.start();
  Engine& other = world.start();
  world.accepted(one, kF);
  world.until([&] { return other.heard.ready[kF.value] > 0; });
  EXPECT_EQ(world.claim(other, kF).size(), 1U);
  world.until([&] {
    world.claim(one, kF);
    return world.ask({"ZCARD", world.prefix() + ":waiting"}) == "0";
  });
}

TEST(RedisEngines, WhatIsTakenAtOnceIsCriedOutToNobody) {
  RedisEngines world;
  Engine& one = world.start();
  Engine& other = world.start();
  for (int i = 0; i < 20; ++i) {
    one.queue().accept(world.call(kF), [&](const Result<void>& result) {
      EXPECT_TRUE(result.ok());
      one.queue().claim(kF, 1);
    });
    world.settle();
  }
  EXPECT_EQ(one.heard.take(kF).size(), 20U);
  EXPECT_EQ(other.heard.ready[kF.value], 0);
}

TEST(RedisEngines, Q9_AStopAskedOfOneEndsACallThatAnotherHolds) {
  RedisEngines world;
  Engine& holder = world.start();
  Engine& other = world.start();
  const CallId id = world.accepted(holder, kF);
  const ClaimedCall held = world.claim(holder, kF).at(0);
  std::optional<StopResult> stopped;
  other.queue().stop(kF, id, [&](StopResult result) { stopped = result; });
  world.until([&] { return !holder.heard.stops_asked.empty(); });
  EXPECT_FALSE(stopped.has_value()) << "it is not over yet";
  ASSERT_EQ(world.settled(holder, held.receipt, Settlement::kStopped), SettleResult::kDone);
  holder.heard.stops_asked.front().second(StopResult::kStopped);
  world.until([&] { return stopped.has_value(); });
  EXPECT_EQ(stopped, StopResult::kStopped);
  EXPECT_EQ(world.drift(kF), 0);
}

TEST(RedisEngines, Q9_AStopOutlivesTheDeathOfWhoHoldsTheCall) {
  redis::Options options;
  options.silence_max = Millis{60};  // by the server's clock, which is real
  RedisEngines world(options);
  Engine& holder = world.start();
  Engine& other = world.start();
  const CallId id = world.accepted(holder, kF);
  ASSERT_EQ(world.claim(holder, kF).size(), 1U);
  RedisEngines::kill(holder);
  std::optional<StopResult> stopped;
  other.queue().stop(kF, id, [&](StopResult result) { stopped = result; });
  world.until([&] {
    world.pass(Seconds{1});  // heartbeats and looks need not be waited for
    return stopped.has_value();
  });
  EXPECT_EQ(stopped, StopResult::kStopped);
  EXPECT_TRUE(world.claim(other, kF).empty());
  EXPECT_EQ(world.drift(kF), 0);
}

// An end that is sent again, since its answer was lost: what followed it has run meanwhile.
TEST(RedisEngines, WhatFollowsAnEndRunsOnceThoughTheEndIsAskedForTwice) {
  RedisEngines world;
  Engine& one = world.start();
  Engine& other = world.start();
  const CallId id = world.accepted(one, kF);
  const ClaimedCall held = world.claim(one, kF).at(0);
  NewCall follower = world.call(kG, "outcome");
  follower.name = "@>" + id.text();
  const auto accept = [&] {
    std::optional<Result<void>> answer;
    one.queue().accept(follower, [&](Result<void> result) { answer = std::move(result); });
    world.until([&] { return answer.has_value(); });
    return answer->ok();
  };
  EXPECT_TRUE(accept());  // as a settle does first
  EXPECT_EQ(world.settled(other, world.claim(other, kG).at(0).receipt), SettleResult::kDone);
  Ending ending = Settlement::kSucceeded;
  ending.successor = follower;
  EXPECT_EQ(world.settled(one, held.receipt, ending), SettleResult::kDone);
  EXPECT_TRUE(world.claim(other, kG).empty());
  EXPECT_EQ(world.drift(kG), 0);
}

TEST(RedisEngines, I3_ARetiredEngineEndsNothing) {
  RedisEngines world;
  Engine& zombie = world.start();
  const CallId id = world.accepted(zombie, kF);
  const ClaimedCall before = world.claim(zombie, kF).at(0);
  zombie.stands_still = true;
  Engine& heir = world.start(zombie.store->incarnation());
  const ClaimedCall after = world.claim(heir, kF).at(0);
  EXPECT_EQ(after.receipt.id, id);
  EXPECT_TRUE(after.maybe_repeated);
  EXPECT_GT(after.receipt.epoch, before.receipt.epoch);
  zombie.stands_still = false;
  EXPECT_EQ(world.settled(zombie, before.receipt), SettleResult::kStale);
  EXPECT_EQ(world.settled(heir, after.receipt), SettleResult::kDone);
  EXPECT_EQ(world.drift(kF), 0);
  world.until([&] { return zombie.store->health().ok(); });
  world.accepted(zombie, kF, "new");
  EXPECT_EQ(world.claim(zombie, kF).at(0).event, "new") << "it lives on, as another";
}

// Over its `maxmemory` for as long as it lives.
class FullServer {
 public:
  explicit FullServer(RedisEngines& world) : world_(world) { limit("1"); }
  ~FullServer() { limit("0"); }
  FullServer(const FullServer&) = delete;
  FullServer& operator=(const FullServer&) = delete;

 private:
  void limit(const char* bytes) { world_.ask({"CONFIG", "SET", "maxmemory", bytes}); }
  RedisEngines& world_;
};

TEST(RedisEngines, OnAFullServerCallsAreTakenOverAndRunAllTheSame) {
  RedisEngines world;
  Engine& one = world.start();
  for (int i = 0; i < 2; ++i) world.accepted(one, kF);
  ASSERT_EQ(world.claim(one, kF).size(), 1U);
  const FullServer full(world);
  const std::uint64_t predecessor = one.store->incarnation();
  RedisEngines::kill(one);
  Engine& heir = world.start(predecessor);
  world.until([&] { return heir.heard.ready[kF.value] > 0; });
  const std::uint64_t life = heir.store->incarnation();
  const auto calls = world.claim(heir, kF, 2);
  ASSERT_EQ(calls.size(), 2U);
  for (const ClaimedCall& call : calls) {
    EXPECT_EQ(world.settled(heir, call.receipt), SettleResult::kDone);
  }
  EXPECT_EQ(heir.store->incarnation(), life) << "it has lost its lease";
  EXPECT_EQ(world.drift(kF), 0);
}

TEST(RedisEngines, AClaimThatFindsItsScriptForgottenIsCountedAndHandedOut) {
  RedisEngines world;
  Engine& one = world.start();
  for (int i = 0; i < 3; ++i) world.accepted(one, kF);
  ASSERT_EQ(world.claim(one, kF).size(), 1U);
  world.ask({"SCRIPT", "FLUSH"});
  std::vector<ClaimedCall> calls = world.claim(one, kF);
  world.until([&] {
    if (calls.empty()) calls = world.claim(one, kF);
    return !calls.empty();
  });
  EXPECT_EQ(world.settled(one, calls.at(0).receipt), SettleResult::kDone);
  EXPECT_EQ(world.drift(kF), 0);
  EXPECT_EQ(one.queue().counts(kF).claimed, 1U);
}

TEST(RedisEngines, Q3_OfARetiredEngineNoAttemptIsPostponedOrGivenBack) {
  RedisEngines world;
  Engine& zombie = world.start();
  for (int i = 0; i < 2; ++i) world.accepted(zombie, kF);
  const auto before = world.claim(zombie, kF, 2);
  zombie.stands_still = true;
  Engine& heir = world.start(zombie.store->incarnation());
  zombie.stands_still = false;
  std::optional<SettleResult> postponed;
  zombie.queue().postpone(before.at(0).receipt, world.clock.wall(), Spends::kAttempt, {},
                          [&](SettleResult result) { postponed = result; });
  zombie.queue().give_back(before.at(1).receipt);
  world.until([&] { return postponed.has_value(); });
  EXPECT_EQ(postponed, SettleResult::kStale);
  const auto after = world.claim(heir, kF, 9);
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].retries, 0U);
  EXPECT_EQ(world.drift(kF), 0);
}

TEST(RedisEngines, TheCallsOfAnyFunctionAreTakenOverAlsoOfTheGreatestNumber) {
  constexpr FunctionId kGreat{(1UL << 63) + 5};
  RedisEngines world;
  Engine& one = world.start();
  const CallId held = world.accepted(one, kGreat);
  ASSERT_EQ(world.claim(one, kGreat).size(), 1U);
  const CallId waiting = world.accepted(one, kGreat);
  const std::uint64_t predecessor = one.store->incarnation();
  RedisEngines::kill(one);
  Engine& heir = world.start(predecessor);
  world.until([&] { return heir.heard.ready[kGreat.value] > 0; });
  const auto calls = world.claim(heir, kGreat, 9);
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].receipt.id, held);
  EXPECT_EQ(calls[1].receipt.id, waiting);
}

TEST(RedisEngines, WhatSomebodyDeletedTakesNoOtherCallAlongWhenItsHolderIsBuried) {
  RedisEngines world;
  Engine& one = world.start();
  for (int i = 0; i < 3; ++i) world.accepted(one, kF);
  ASSERT_EQ(world.claim(one, kF, 3).size(), 3U);
  const std::string stream = redis::FunctionKeys(world.prefix(), kF).stream();
  world.ask({"EVAL",
             "return redis.call('XDEL', KEYS[1], redis.call('XRANGE', KEYS[1], '-', '+')[1][1])",
             "1", stream});
  const std::uint64_t predecessor = one.store->incarnation();
  RedisEngines::kill(one);
  Engine& heir = world.start(predecessor);
  world.until([&] { return heir.heard.ready[kF.value] > 0; });
  std::size_t taken_over = 0;
  for (int i = 0; i < 3; ++i) taken_over += world.claim(heir, kF, 2).size();
  EXPECT_EQ(taken_over, 2U);
}

TEST(RedisEngines, TheCallsOfOneThatFallsSilentAreTakenOver) {
  redis::Options options;
  options.silence_max = Millis{60};  // by the server's clock, which is real
  RedisEngines world(options);
  Engine& one = world.start();
  world.accepted(one, kF);
  ASSERT_EQ(world.claim(one, kF).size(), 1U);
  RedisEngines::kill(one);
  Engine& other = world.start();
  world.until([&] {
    world.pass(Seconds{1});  // to its heartbeats
    return other.heard.ready[kF.value] > 0;
  });
  EXPECT_TRUE(other.queue().oldest_ready(kF).has_value()) << "or nobody claims it";
  const auto again = world.claim(other, kF);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_TRUE(again[0].maybe_repeated);
}

TEST(RedisEngines, WhatOneAcceptedAndNobodyTookIsFoundAfterItsDeath) {
  redis::Options options;
  options.silence_max = Millis{60};
  RedisEngines world(options);
  Engine& other = world.start();
  Engine& one = world.start();
  NewCall delayed = world.call(kF);
  delayed.due = world.clock.wall() + Seconds{1};
  bool done = false;
  one.queue().accept(delayed, [&done](const Result<void>& result) { done = result.ok(); });
  world.until([&done] { return done; });
  RedisEngines::kill(one);
  world.until([&] {
    world.pass(Millis{100});
    return other.heard.ready[kF.value] > 0;
  });
  EXPECT_GE(world.clock.wall(), delayed.due);
  EXPECT_EQ(world.claim(other, kF).size(), 1U);
}

TEST(RedisEngines, AnEngineThatStoodStillBeginsNothingUntilItKnowsWhatIsItsOwn) {
  RedisEngines world;
  Engine& one = world.start();
  world.accepted(one, kF);
  world.accepted(one, kF);
  const Receipt receipt = world.claim(one, kF).at(0).receipt;
  world.clock.advance(Seconds{31});
  EXPECT_FALSE(one.store->health().ok());
  EXPECT_TRUE(world.claim(one, kF).empty());
  EXPECT_EQ(world.settled(one, receipt), SettleResult::kDone) << "nobody had taken it over";
  world.until([&] { return one.store->health().ok(); });
  EXPECT_EQ(world.claim(one, kF).size(), 1U);
}

// ---- lost connections ----

TEST(RedisEngines, NoLostConnectionLosesAnEndOrDoesItTwice) {
  RedisEngines world;
  Engine& one = world.start();
  for (int i = 0; i < 16; ++i) {
    world.accepted(one, kF);
    const Receipt receipt = world.claim(one, kF).at(0).receipt;
    std::optional<SettleResult> answer;
    one.queue().settle(receipt, Settlement::kSucceeded,
                       [&answer](SettleResult result) { answer = result; });
    for (int turns = i % 4; turns > 0; --turns) world.turn();
    world.cut_connections();
    EXPECT_EQ(answer, SettleResult::kDone);
  }
  world.settle();
  EXPECT_EQ(one.queue().counts(kF).settled, 16U);
  EXPECT_EQ(world.drift(kF), 0);
}

TEST(RedisEngines, AClaimWhoseAnswerWasLostIsHandedOutAgain) {
  RedisEngines world;
  Engine& one = world.start();
  for (int i = 0; i < 16; ++i) {
    const CallId id = world.accepted(one, kF);
    const int before = one.heard.answers;
    one.queue().claim(kF, 1);
    for (int turns = i % 4; turns > 0; --turns) world.turn();
    world.cut_connections();
    EXPECT_EQ(one.heard.answers, before + 1);
    auto calls = one.heard.take(kF);
    if (calls.empty()) calls = world.claim(one, kF);
    EXPECT_EQ(calls.at(0).receipt.id, id);
    EXPECT_EQ(world.settled(one, calls[0].receipt), SettleResult::kDone);
  }
  EXPECT_EQ(world.drift(kF), 0);
}

TEST(RedisEngines, AnEntryThatIsNoCallIsNamedToTheOperatorAndHoldsUpNothing) {
  RedisEngines world;
  Engine& one = world.start();
  world.accepted(one, kF, "before");
  const redis::FunctionKeys keys(world.prefix(), kF);
  world.ask({"XADD", keys.all()[0], "*", "c", "hand-written"});
  world.accepted(one, kF, "after");
  const auto claimed = world.claim(one, kF, 9);
  ASSERT_EQ(claimed.size(), 2U);
  EXPECT_EQ(claimed[0].event, "before");
  EXPECT_EQ(claimed[1].event, "after");
  ASSERT_EQ(one.alarms.size(), 1U);
  EXPECT_NE(one.alarms[0].find("is no call"), std::string::npos) << one.alarms[0];
}

TEST(RedisEngines, AnEndThatAFullServerRefusesIsKeptAndTriedAgain) {
  RedisEngines world;
  Engine& one = world.start();
  world.accepted(one, kF);
  const Receipt receipt = world.claim(one, kF).at(0).receipt;
  std::optional<SettleResult> answer;
  world.ask({"CONFIG", "SET", "min-replicas-to-write", "1"});
  one.queue().settle(receipt, Settlement::kSucceeded,
                     [&answer](SettleResult result) { answer = result; });
  world.until([&] { return !one.alarms.empty(); });
  EXPECT_FALSE(answer);
  world.ask({"CONFIG", "SET", "min-replicas-to-write", "0"});
  world.until([&] { return answer.has_value(); });
  EXPECT_EQ(answer, SettleResult::kDone);
  EXPECT_EQ(world.drift(kF), 0);
}

TEST(RedisEngines, AServerThatWasKilledHasAllThatItAcknowledged) {
  RedisEngines world;
  Engine& one = world.start();
  std::set<CallId> acknowledged;
  for (std::size_t round = 0; round < 5; ++round) {
    for (int i = 0; i < 50; ++i) {
      const NewCall call = world.call(kF);
      one.queue().accept(call, [&, id = call.id](const Result<void>& result) {
        if (result.ok()) acknowledged.insert(id);
      });
      if (i % 10 == 0) world.turn();
    }
    world.until([&] { return acknowledged.size() > 10 * round; });
    world.server().kill();
    world.server().start();
    world.come_back();
  }
  std::set<CallId> found;
  for (;;) {
    const auto calls = world.claim(one, kF, 100);
    if (calls.empty()) break;
    for (const ClaimedCall& call : calls) found.insert(call.receipt.id);
  }
  for (const CallId& id : acknowledged) EXPECT_TRUE(found.count(id) > 0) << id.text();
  EXPECT_EQ(world.drift(kF), 0);
}

}  // namespace
}  // namespace convoke::fake
