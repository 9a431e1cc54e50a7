// Engines that share a registry on a real server.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "core/registry/shared/row_json.h"
#include "tests/registry/shared/fake_engine.h"

namespace convoke::shared_registry {
namespace {

constexpr Duration kShortLease = Millis{900};

class SharedRegistry : public testing::Test {
 protected:
  void turn_until(const std::function<bool()>& condition) { convoke::turn_until(loop_, condition); }
  // Where nothing is to happen: turns for so long.
  void turn_for(Duration time) {
    const Instant end = loop_.now() + time;
    Timer wake(nullptr, [](void*) {});
    loop_.timers().schedule(wake, end);
    while (loop_.now() < end) loop_.run_one_turn();
  }
  void start(FakeEngine& engine) { ASSERT_NO_FATAL_FAILURE(engine.start()); }
  // What another engine has committed, without a word to anybody.
  void commit_silently(std::uint64_t version, const std::string& name) {
    const Service service = service_of(version, name);
    const std::string row = row_of(service);
    server_.ask({"HSET", keys_.services, name, row});
    server_.ask({"XADD", keys_.changes, std::to_string(version) + "-0", "by", "somebody", "kind",
                 "service", "row", row});
    server_.ask({"SET", keys_.version, std::to_string(version)});
  }
  static Service service_of(std::uint64_t version, const std::string& name) {
    Service service;
    service.id = version;
    service.name = name;
    service.etag = std::to_string(version);
    return service;
  }

  redis::RedisServer server_;
  Keys keys_{"convoke"};
  Loop loop_;
};

TEST_F(SharedRegistry, AnEngineSeesWhatAnotherHasChangedInTheSameOrder) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  EXPECT_EQ(a.make(CreateService{"s", {}}), 1U);
  EXPECT_EQ(a.make(new_function("f", "one")), 2U);
  EXPECT_EQ(a.make(PutLimit{"s", "", "f", 3}), 3U);
  EXPECT_EQ(a.make(PutAsyncConfig{"s", "", "f", {}}), 4U);
  turn_until([&] { return b.directory.version() == 4; });
  EXPECT_EQ(b.versions, (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(b.directory.limit_of(FunctionId{2}), 3U);
  EXPECT_TRUE(b.directory.async_config_of(FunctionId{2}, ""));
}

TEST_F(SharedRegistry, WhatAnotherEngineHasAnsweredIsKnownToTheNextChangeHere) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  a.make(CreateService{"s", {}});
  const Result<Change> again = b.get(CreateService{"s", {}});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kServiceAlreadyExists);
}

TEST_F(SharedRegistry, ChangesThatMeetAreAllMadeOnceEach) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  a.make(CreateService{"first", {}});
  turn_until([&] { return b.directory.version() == 1; });
  std::vector<FakeEngine::Answer> answers;
  constexpr std::size_t kEach = 40;
  for (std::size_t i = 0; i < kEach; ++i) {
    answers.push_back(a.ask(CreateService{"a" + std::to_string(i), {}}));
    answers.push_back(b.ask(CreateService{"b" + std::to_string(i), {}}));
  }
  std::set<std::uint64_t> versions;
  for (const FakeEngine::Answer& answer : answers) {
    turn_until([&] { return answer->has_value(); });
    ASSERT_TRUE((*answer)->ok()) << (*answer)->error().message;
    versions.insert((**answer)->version);
  }
  EXPECT_EQ(versions.size(), 2 * kEach);
  EXPECT_EQ(*versions.rbegin(), 1 + 2 * kEach);
  turn_until([&] {
    return a.directory.services() == 1 + 2 * kEach && b.directory.services() == 1 + 2 * kEach;
  });
  EXPECT_EQ(a.versions, b.versions);
}

TEST_F(SharedRegistry, OfTwoEnginesThatMakeTheSameOneIsRefused) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  const FakeEngine::Answer one = a.ask(CreateService{"s", {}});
  const FakeEngine::Answer two = b.ask(CreateService{"s", {}});
  turn_until([&] { return one->has_value() && two->has_value(); });
  EXPECT_NE((*one)->ok(), (*two)->ok());
}

TEST_F(SharedRegistry, AnEngineThatStartsKnowsAllThatThereIs) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  a.make(PutLimit{"s", "", "f", 0});
  FakeEngine b(loop_, server_, "b");
  start(b);
  const FunctionPtr function = b.directory.find_function("s", "f");
  ASSERT_TRUE(function);
  EXPECT_EQ(b.directory.limit_of(function->id), 0U);
  EXPECT_EQ(content_of(function->code.directory + "/bootstrap"), "one");
  EXPECT_EQ(b.make(CreateService{"t", {}}), 4U);
}

TEST_F(SharedRegistry, CodeIsFetchedAndUnpackedBeforeTheChangeIsTold) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  a.make(CreateService{"s", {}});
  std::string large(5'500'000, '\0');  // more than one piece
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i >> 8);
  a.make(new_function("f", large));
  a.make(CreateService{"after", {}});
  turn_until([&] { return b.directory.version() == 3; });
  const FunctionPtr here = a.directory.find_function("s", "f");
  const FunctionPtr there = b.directory.find_function("s", "f");
  ASSERT_TRUE(here && there);
  EXPECT_NE(there->code.directory, here->code.directory);
  EXPECT_EQ(there->code.checksum, here->code.checksum);
  EXPECT_TRUE(content_of(there->code.directory + "/bootstrap") == large);
  EXPECT_EQ(checksum_of(b.zip_of(there)), here->code.checksum);
}

TEST_F(SharedRegistry, CodeThatIsReplacedOrDeletedLeavesTheServer) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  const auto codes = [&] {
    return server_.ask({"EVAL", "return #redis.call('KEYS', ARGV[1])", "0", keys_.code("*")});
  };
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  EXPECT_EQ(codes(), "1");
  UpdateFunction update{"s", "f", new_function("f", "two").fields, {}};
  a.make(update);
  EXPECT_EQ(codes(), "1");
  update.fields.zip_base64.reset();
  update.fields.timeout_s = 9;
  a.make(update);
  EXPECT_EQ(codes(), "1");
  a.make(PutLimit{"s", "", "f", 1});
  a.make(PutLimit{"s", "q", "f", 1});
  a.make(PutAsyncConfig{"s", "q", "f", {}});
  a.make(DeleteFunction{"s", "f", {}});
  EXPECT_EQ(codes(), "0");
  for (const std::string* rows : {&keys_.functions, &keys_.limits, &keys_.async_configs}) {
    EXPECT_EQ(server_.ask({"HLEN", *rows}), "0") << *rows;
  }
}

TEST_F(SharedRegistry, CodeThatIsNeverCommittedVanishes) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  EXPECT_EQ(a.get(new_function("f", "one")).error().code, ErrorCode::kServiceNotFound);
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  const FunctionPtr function = a.directory.find_function("s", "f");
  EXPECT_EQ(server_.ask({"TTL", keys_.code(code_name(function->code))}), "-1");
  EXPECT_EQ(a.get(new_function("f", "two")).error().code, ErrorCode::kFunctionAlreadyExists);
}

TEST_F(SharedRegistry, AChangeThatNobodyTellsIsFoundWithinASecond) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  turn_until([&] { return a.has_lease(); });
  commit_silently(1, "s");
  const Instant from = loop_.now();
  turn_until([&] { return a.directory.find_service("s") != nullptr; });
  EXPECT_LT(loop_.now() - from, Millis{1'500});
}

TEST_F(SharedRegistry, WhereTheLogDoesNotReachBackAllRowsAreRead) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"old", {}});
  server_.ask({"HDEL", keys_.services, "old"});
  commit_silently(7, "new");
  turn_until([&] { return a.directory.find_service("new") != nullptr; });
  EXPECT_FALSE(a.directory.find_service("old"));
  EXPECT_EQ(a.versions, (std::vector<std::uint64_t>{1, 7}));
  EXPECT_EQ(a.make(CreateService{"next", {}}), 8U);
}

TEST_F(SharedRegistry, CodeThatWasReplacedBeforeItWasFetchedIsPassedOver) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  FakeEngine b(loop_, server_, "b");
  start(b);
  // Two changes, of which b is not told before both are made; the first one's code has gone.
  a.make(UpdateFunction{"s", "f", new_function("f", "two").fields, {}});
  const std::string two(code_name(a.directory.find_function("s", "f")->code));
  server_.ask({"UNLINK", keys_.code(two)});
  a.make(UpdateFunction{"s", "f", new_function("f", "three").fields, {}});
  turn_until([&] { return b.directory.version() == 4; });
  EXPECT_EQ(content_of(b.directory.find_function("s", "f")->code.directory + "/bootstrap"),
            "three");
}

// ---- the kill switch ----

class KillSwitch : public SharedRegistry {
 protected:
  void begin(FakeEngine& a, FakeEngine& b) {
    start(a);
    a.make(CreateService{"s", {}});
    a.make(new_function("f", "one"));
    start(b);
    turn_until([&] { return a.has_lease() && b.has_lease(); });
  }
};

TEST_F(KillSwitch, IsAnsweredOnlyWhenTheOtherEngineHasAppliedIt) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  begin(a, b);
  b.slow = true;
  const FakeEngine::Answer answer = a.ask(PutLimit{"s", "", "f", 0});
  turn_until([&] { return b.versions == std::vector<std::uint64_t>{3}; });
  turn_for(Millis{600});
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(a.directory.limit_of(FunctionId{2}), 0U);
  b.apply_all();
  const Instant from = loop_.now();
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  EXPECT_LT(loop_.now() - from, Millis{200});
}

TEST_F(KillSwitch, OtherChangesWaitForNobody) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  begin(a, b);
  b.slow = true;
  a.make(CreateService{"t", {}});
  a.make(UpdateFunction{"s", "f", new_function("f", "two").fields, {}});
  EXPECT_FALSE(b.directory.find_service("t"));
}

TEST_F(KillSwitch, WaitsForADeadEngineUntilItsLeaseHasEnded) {
  FakeEngine a(loop_, server_, "a", kShortLease);
  FakeEngine b(loop_, server_, "b", kShortLease);
  begin(a, b);
  b.die();
  ASSERT_TRUE(b.has_lease());
  const Instant from = loop_.now();
  const FakeEngine::Answer answer = a.ask(PutLimit{"s", "", "f", 0});
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  EXPECT_FALSE(b.has_lease());
  EXPECT_LT(loop_.now() - from, redis::dead_after(kShortLease) + Seconds{1});
}

TEST_F(KillSwitch, WaitsForNoEngineThatHasLeft) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  begin(a, b);
  b.slow = true;
  const FakeEngine::Answer answer = a.ask(PutLimit{"s", "", "f", 0});
  turn_until([&] { return !b.versions.empty(); });
  b.leave();
  EXPECT_FALSE(b.has_lease());
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  turn_for(Millis{1'200});  // a beat later
  EXPECT_FALSE(b.has_lease());
  EXPECT_EQ(server_.ask({"ZRANGE", keys_.engines, "0", "-1"}), "a");
}

TEST_F(KillSwitch, WaitsForAnEngineThatAppliesNothingUntilItsLeaseHasEnded) {
  FakeEngine a(loop_, server_, "a", kShortLease);
  FakeEngine b(loop_, server_, "b", kShortLease);
  begin(a, b);
  b.slow = true;
  const Instant from = loop_.now();
  const FakeEngine::Answer answer = a.ask(PutLimit{"s", "", "f", 0});
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  EXPECT_FALSE(b.has_lease());
  EXPECT_LT(loop_.now() - from,
            redis::beat_every(kShortLease) + redis::dead_after(kShortLease) + Seconds{1});
  turn_for(Millis{500});
  EXPECT_FALSE(b.has_lease());
  b.slow = false;
  b.apply_all();
  turn_until([&] { return b.has_lease(); });
  EXPECT_EQ(b.directory.limit_of(FunctionId{2}), 0U);
}

TEST_F(KillSwitch, AnEngineWithoutALeaseGetsOneOnlyWhenItHasAppliedAllThereIs) {
  FakeEngine a(loop_, server_, "a", kShortLease);
  start(a);
  turn_until([&] { return a.has_lease(); });
  server_.pause();
  turn_for(kShortLease + Millis{100});
  EXPECT_FALSE(a.has_lease());
  a.slow = true;
  server_.resume();
  commit_silently(1, "s");
  turn_until([&] { return !a.versions.empty(); });
  // The beats that the server had not answered may have renewed what they found.
  turn_for(2 * kShortLease);
  EXPECT_FALSE(a.has_lease());
  a.slow = false;
  a.apply_all();
  turn_until([&] { return a.has_lease(); });
}

// ---- the server comes and goes ----

TEST_F(SharedRegistry, WithoutTheServerChangesAreRefusedAndWhatIsKnownStays) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  server_.kill();
  turn_until([&] { return !a.alarms.empty(); });
  const Result<Change> refused = a.get(CreateService{"t", {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_TRUE(a.directory.find_service("s"));
  server_.start();
  turn_until([&] { return a.get(CreateService{"t", {}}).ok(); });
  EXPECT_EQ(a.directory.version(), 2U);
}

TEST_F(SharedRegistry, ARestartOfTheServerLosesNothingThatWasAnswered) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  a.make(CreateService{"s0", {}});
  turn_until([&] { return b.directory.version() == 1; });
  std::size_t made = 1;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5; ++i, ++made) a.make(CreateService{"s" + std::to_string(made), {}});
    server_.kill();
    server_.start();
    // The first that is taken again.
    const std::string name = "s" + std::to_string(made++);
    turn_until([&] { return b.get(CreateService{name, {}}).ok(); });
    turn_until([&] {
      return a.get(CreateService{name, {}}).error().code == ErrorCode::kServiceAlreadyExists;
    });
  }
  turn_until([&] { return a.directory.services() == made && b.directory.services() == made; });
  EXPECT_EQ(a.versions, b.versions);
}

TEST_F(SharedRegistry, AChangeWhoseAnswerWasLostIsMadeOnce) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  turn_until([&] { return a.has_lease(); });
  for (int round = 0; round < 10; ++round) {
    const std::string name = "s" + std::to_string(round);
    const std::uint64_t before = a.directory.version();
    const FakeEngine::Answer answer = a.ask(CreateService{name, {}});
    // Each time a few turns later: before, while and after it is executed.
    for (int turn = 0; turn < round && !answer->has_value(); ++turn) loop_.run_one_turn();
    server_.kill();
    server_.start();
    turn_until([&] { return answer->has_value(); });
    if ((*answer)->ok()) {
      EXPECT_EQ((**answer)->version, before + 1);
    } else {
      // Refused before it was sent: then it was not made.
      EXPECT_EQ((*answer)->error().code, ErrorCode::kServiceUnavailable);
      EXPECT_EQ((*answer)->error().message.find("not known"), std::string::npos);
      turn_until([&] { return a.get(CreateService{name, {}}).ok(); });
    }
    EXPECT_EQ(a.directory.version(), before + 1);
    EXPECT_EQ(server_.ask({"GET", keys_.version}), std::to_string(before + 1));
  }
}

TEST_F(SharedRegistry, AServerThatKnowsLessThanTheEngineIsNotBelieved) {
  FakeEngine a(loop_, server_, "a", kShortLease);
  start(a);
  a.make(CreateService{"s", {}});
  a.make(CreateService{"t", {}});
  server_.ask({"FLUSHALL"});
  turn_until([&] { return !a.alarms.empty(); });
  EXPECT_NE(a.alarms.front().find("version 0"), std::string::npos) << a.alarms.front();
  turn_until([&] { return !a.has_lease(); });
  EXPECT_TRUE(a.directory.find_service("s"));
  const Result<Change> refused = a.get(CreateService{"u", {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(server_.ask({"EXISTS", keys_.version}), "0");
}

TEST_F(SharedRegistry, AFullServerRefusesAndNothingIsHalfDone) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  server_.ask({"CONFIG", "SET", "maxmemory", "1"});
  const Result<Change> refused = a.get(CreateService{"t", {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_NE(refused.error().message.find("OOM"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(a.get(new_function("f", "one")));
  EXPECT_EQ(server_.ask({"GET", keys_.version}), "1");
  EXPECT_EQ(server_.ask({"XLEN", keys_.changes}), "1");
  server_.ask({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(a.make(CreateService{"t", {}}), 2U);
}

TEST_F(SharedRegistry, AFlushedScriptCacheIsNoTrouble) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  server_.ask({"SCRIPT", "FLUSH"});
  EXPECT_EQ(a.make(CreateService{"t", {}}), 2U);
}

}  // namespace
}  // namespace convoke::shared_registry
