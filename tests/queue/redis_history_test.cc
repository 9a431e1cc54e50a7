// The history in Redis as several engines see it, and what it costs those who have none.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/model/delivery_line.h"
#include "tests/queue/redis_engines.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};
using Engine = RedisEngines::Engine;
using Found = std::optional<history::Record>;

class RedisHistory : public ::testing::Test {
 protected:
  CallId accepted(Engine& by, const std::string& name) {
    NewCall call = world.call(kF, "event of " + name);
    call.name = name;
    bool done = false;
    by.queue().accept(call, [&done](const Result<void>& result) { done = result.ok(); });
    world.until([&done] { return done; });
    return call.id;
  }
  template <class T, class Ask>
  Result<T> answered(Ask question) {
    std::optional<Result<T>> answer;
    question([&answer](Result<T> result) { answer = std::move(result); });
    world.until([&answer] { return answer.has_value(); });
    return *std::move(answer);
  }
  Found find(Engine& by, const std::string& name) {
    world.settle();
    return *answered<Found>([&](auto answer) {
      by.store->archive().get(kF, name, history::Payload::kWith, std::move(answer));
    });
  }
  void fail_one(Engine& by, const std::string& event) {
    world.accepted(by, kF, event);
    Ending ending = Settlement::kFailed;
    ending.event = std::make_shared<const std::string>(event);
    ASSERT_EQ(world.settled(by, world.claim(by, kF).at(0).receipt, ending), SettleResult::kDone);
  }
  std::string ask(const std::string& command, redis::FunctionKeys::HistoryKey key) {
    return world.ask({command, redis::FunctionKeys(world.prefix(), kF).history()[key]});
  }

  RedisEngines world;
};

TEST_F(RedisHistory, ACallWithoutANameThatSucceedsLeavesNothing) {
  Engine& one = world.start();
  for (int i = 0; i < 5; ++i) {
    world.accepted(one, kF);
    EXPECT_EQ(world.settled(one, world.claim(one, kF).at(0).receipt), SettleResult::kDone);
  }
  const redis::FunctionKeys keys(world.prefix(), kF);
  for (const std::string& key : keys.history()) EXPECT_EQ(world.ask({"EXISTS", key}), "0") << key;
  EXPECT_EQ(world.ask({"EXISTS", keys.names()}), "0");
  EXPECT_EQ(world.ask({"HGET", keys.all()[2], "kept"}), "");
}

TEST_F(RedisHistory, AnyEngineTellsWhereAnothersCallStands) {
  Engine& one = world.start();
  Engine& other = world.start();
  accepted(one, "job");
  EXPECT_EQ(find(other, "job")->state, CallState::kEnqueued);
  const Receipt receipt = world.claim(other, kF).at(0).receipt;
  other.queue().note_started(receipt, world.clock.wall(), "i-7");
  const Found running = find(one, "job");
  EXPECT_EQ(running->state, CallState::kRunning);
  EXPECT_EQ(running->instance_id, "i-7");
  EXPECT_EQ(running->event, "event of job") << "it is in the other's hands";
  EXPECT_EQ(world.settled(other, receipt), SettleResult::kDone);
  EXPECT_EQ(find(one, "job")->state, CallState::kSucceeded);
}

TEST_F(RedisHistory, WhatADeadEngineSaidOfACallIsVoidAndAnotherEndsIt) {
  Engine& one = world.start();
  accepted(one, "job");
  const Receipt receipt = world.claim(one, kF).at(0).receipt;
  one.queue().note_started(receipt, world.clock.wall(), "i-1");
  EXPECT_EQ(find(one, "job")->state, CallState::kRunning);
  const std::uint64_t life = one.store->incarnation();
  RedisEngines::kill(one);
  Engine& other = world.start(life);
  world.until([&] { return find(other, "job")->state == CallState::kEnqueued; });
  EXPECT_EQ(find(other, "job")->event, "event of job");
  const auto again = world.claim(other, kF);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_TRUE(again[0].maybe_repeated);
  EXPECT_EQ(find(other, "job")->state, CallState::kDequeued);
  EXPECT_EQ(world.settled(other, again[0].receipt, Settlement::kFailed), SettleResult::kDone);
  EXPECT_EQ(find(other, "job")->state, CallState::kFailed);
}

TEST_F(RedisHistory, ANameIsInUseOnAllEngines) {
  Engine& one = world.start();
  Engine& other = world.start();
  accepted(one, "job");
  EXPECT_EQ(world.settled(one, world.claim(one, kF).at(0).receipt), SettleResult::kDone);
  NewCall same = world.call(kF);
  same.name = "job";
  std::optional<Result<void>> answer;
  other.queue().accept(same, [&](Result<void> result) { answer = std::move(result); });
  world.until([&] { return answer.has_value(); });
  ASSERT_FALSE(answer->ok());
  EXPECT_EQ(answer->error().code, ErrorCode::kCallAlreadyExists);
}

TEST_F(RedisHistory, TwoEnginesThatTakeFailuresAtOnceMeetNoneTwice) {
  Engine& one = world.start();
  Engine& other = world.start();
  for (int i = 0; i < 20; ++i) fail_one(one, std::to_string(i));
  std::multiset<std::string> taken;
  int answers = 0;
  for (Engine* by : {&one, &other}) {
    by->store->archive().take_failed({}, [&](const Result<history::Page>& page) {
      ++answers;
      ASSERT_TRUE(page.ok());
      for (const history::Record& record : page->records) taken.insert(record.id.text());
    });
  }
  world.until([&] { return answers == 2; });
  EXPECT_EQ(taken.size(), 20U);
  EXPECT_EQ(std::set<std::string>(taken.begin(), taken.end()).size(), 20U);
}

TEST_F(RedisHistory, WhatWasPurgedSinceItWasListedIsNotTaken) {
  Engine& one = world.start();
  Engine& other = world.start();
  for (int later = 0; later < 10; ++later) {
    fail_one(one, "x");
    std::size_t taken = 0;
    int answers = 0;
    const auto run_again = [&](Engine& by) {
      by.store->archive().take_failed({}, [&](const Result<history::Page>& page) {
        ASSERT_TRUE(page.ok());
        taken += page->records.size();
        by.store->archive().purge(history::refs_of(page->records),
                                  [&](const Result<std::uint64_t>&) { ++answers; });
      });
    };
    run_again(one);
    for (int i = 0; i < later; ++i) world.turn();
    run_again(other);
    world.until([&] { return answers == 2; });
    EXPECT_EQ(taken, 1U) << later << " turns later";
  }
}

TEST_F(RedisHistory, WhatIsTooMuchGoesTheOldestEndFirst) {
  redis::Options options;
  options.retention.records_max = 3;
  RedisEngines small(options);
  Engine& one = small.start();
  std::vector<CallId> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(small.accepted(one, kF, std::to_string(i)));
    Ending ending = Settlement::kFailed;
    ending.event = std::make_shared<const std::string>("x");
    ASSERT_EQ(small.settled(one, small.claim(one, kF).at(0).receipt, ending), SettleResult::kDone);
    small.until([&, now = small.clock.wall()] { return small.clock.wall() > now; });
  }
  one.store->archive().collect(small.clock.wall());
  small.settle();
  const redis::FunctionKeys keys(small.prefix(), kF);
  for (const auto kind : {redis::FunctionKeys::kRecords, redis::FunctionKeys::kEvents,
                          redis::FunctionKeys::kAttempts}) {
    EXPECT_EQ(small.ask({"HLEN", keys.history()[kind]}), "3");
  }
  EXPECT_EQ(small.ask({"ZCARD", keys.history()[redis::FunctionKeys::kFailed]}), "3");
  EXPECT_EQ(small.ask({"HGET", keys.all()[2], "kept"}), "3");
  std::vector<CallId> left;
  one.store->archive().list_failed({}, [&](const Result<history::Page>& page) {
    for (const history::Record& record : page->records) left.insert(left.begin(), record.id);
  });
  small.settle();
  EXPECT_EQ(left, std::vector<CallId>(ids.begin() + 2, ids.end()));
}

TEST_F(RedisHistory, OneEngineCollectsForAll) {
  Engine& one = world.start();
  Engine& other = world.start();
  fail_one(one, "x");
  one.store->archive().collect(world.clock.wall());
  world.settle();
  const WallTime later = world.clock.wall() + redis::Retention{}.after_end + Seconds{1};
  other.store->archive().collect(later);
  world.settle();
  EXPECT_EQ(ask("ZCARD", redis::FunctionKeys::kOver), "1") << "it was done a moment ago";
  world.ask({"DEL", world.prefix() + ":collected"});
  other.store->archive().collect(later);
  world.settle();
  EXPECT_EQ(ask("ZCARD", redis::FunctionKeys::kOver), "0");
}

// Ten thousand functions of which none keeps anything are not to be asked each minute.
TEST_F(RedisHistory, AFunctionThatKeptNothingIsAskedAgainAfterAWhile) {
  Engine& one = world.start();
  world.settled(one, (world.accepted(one, kF), world.claim(one, kF).at(0).receipt));
  const auto collect = [&] {
    world.ask({"DEL", world.prefix() + ":collected"});
    one.store->archive().collect(world.clock.wall() + redis::Retention{}.after_end + Seconds{1});
    world.settle();
    return ask("ZCARD", redis::FunctionKeys::kOver);
  };
  EXPECT_EQ(collect(), "0");
  fail_one(one, "x");
  for (int i = 0; i < redis::RedisArchive::kQuietRounds; ++i) EXPECT_EQ(collect(), "1");
  EXPECT_EQ(collect(), "0");
}

TEST_F(RedisHistory, WithoutItsServerAQuestionIsAnsweredWithWhy) {
  Engine& one = world.start();
  world.server().kill();
  world.until([&] { return !one.store->health().ok(); });
  const auto page = answered<history::Page>(
      [&](auto answer) { one.store->archive().list_failed({}, std::move(answer)); });
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().code, ErrorCode::kServiceUnavailable);
  world.server().start();
}

// Its number is no signed one.
TEST_F(RedisHistory, DeliveriesOfADeadEngineAreFoundByTheNext) {
  const FunctionId line = delivery_line_of(kF);
  Engine& one = world.start();
  world.accepted(one, line, "waits");
  world.accepted(one, line, "held");
  ASSERT_EQ(world.claim(one, line).size(), 1U);
  const std::uint64_t life = one.store->incarnation();
  RedisEngines::kill(one);
  Engine& other = world.start(life);
  world.until([&] { return other.heard.ready[line.value] > 0; });
  std::set<std::string> events;
  world.until([&] {
    for (const ClaimedCall& call : world.claim(other, line, 5)) events.insert(call.event);
    return events.size() == 2;
  });
}

}  // namespace
}  // namespace convoke::fake
