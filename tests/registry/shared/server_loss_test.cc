// The server comes and goes, is full, or has forgotten.
#include <gtest/gtest.h>

#include "tests/registry/shared/fixture.h"

namespace convoke::shared_registry {
namespace {

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

TEST_F(SharedRegistry, AChangeThatWasMadeAndWhoseAnswerWasLostIsMetInTheLog) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  a.make(CreateService{"s", {}});
  a.lose_next_answer();
  const FakeEngine::Answer answer = a.ask(new_function("f", "one"));
  turn_until([&] { return b.directory.version() == 2; });
  b.make(CreateService{"t", {}});
  EXPECT_FALSE(answer->has_value());
  server_.ask({"CLIENT", "KILL", "TYPE", "normal"});
  turn_until([&] { return answer->has_value(); });
  ASSERT_TRUE((*answer)->ok()) << (*answer)->error().message;
  EXPECT_EQ((**answer)->version, 2U);
  turn_until([&] { return a.directory.version() == 3; });
  EXPECT_EQ(content_of(a.directory.find_function("s", "f")->code.directory + "/bootstrap"), "one");
}

TEST_F(SharedRegistry, WhereAllRowsHadToBeReadALostAnswerStaysADoubt) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  a.lose_next_answer();
  const FakeEngine::Answer answer = a.ask(CreateService{"t", {}});
  turn_for(Millis{50});
  ASSERT_EQ(server_.ask({"GET", keys_.version}), "2");
  server_.ask({"DEL", keys_.changes});
  server_.ask({"CLIENT", "KILL", "TYPE", "normal"});
  turn_until([&] { return answer->has_value(); });
  ASSERT_FALSE((*answer)->ok());
  EXPECT_EQ((*answer)->error().code, ErrorCode::kServiceUnavailable);
  EXPECT_NE((*answer)->error().message.find("not known"), std::string::npos);
  EXPECT_TRUE(a.directory.find_service("t"));
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

TEST_F(SharedRegistry, AFullServerTakesAKillSwitchAndNoCode) {
  FakeEngine a(loop_, server_, "a", kShortLease);
  FakeEngine b(loop_, server_, "b", kShortLease);
  start(a);
  start(b);
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  server_.ask({"CONFIG", "SET", "maxmemory", "1"});
  a.make(PutLimit{"s", "", "f", 0});
  EXPECT_EQ(b.directory.limit_of(FunctionId{2}), 0U);
  const Result<Change> refused = a.get(new_function("g", "one"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_NE(refused.error().message.find("OOM"), std::string::npos) << refused.error().message;
  EXPECT_EQ(server_.ask({"GET", keys_.version}), "3");
  EXPECT_EQ(server_.ask({"XLEN", keys_.changes}), "3");
  turn_for(2 * kShortLease);
  EXPECT_TRUE(a.has_lease() && b.has_lease());
  server_.ask({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(a.make(new_function("g", "one")), 4U);
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
