#include "workers/in_process.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/workers/fakes.h"

namespace convoke::test {
namespace {

class InProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    registry.add("echo", [](const InProcessCall& call, InProcessReply done) {
      done.succeed(std::string(call.event()));
    });
    registry.add("later", [this](const InProcessCall&, InProcessReply done) {
      pending.push_back(std::move(done));
    });
  }
  void start(const std::string& name, std::uint32_t concurrency = 1) {
    function->spec.handler = name;
    function->spec.instance_concurrency = concurrency;
    instance = workers.start(function, listener);
  }
  void start_ready(const std::string& name, std::uint32_t concurrency = 1) {
    start(name, concurrency);
    workers.deliver();
    ASSERT_EQ(listener.readies, 1);
  }
  const Reply& reply(std::size_t i = 0) { return listener.replies.at(i).second; }

  std::shared_ptr<Function> function = a_function(Runtime::kInProcess);
  VirtualTime time;
  InProcessRegistry registry;
  RecordingListener listener;
  std::vector<InProcessReply> pending;
  InProcessWorkers workers{registry, time, time.wheel, Rng::seeded(1)};
  std::unique_ptr<Instance> instance;
};

TEST_F(InProcessTest, AnswersInTheNextTurnNeverFromInsideInvoke) {
  start("echo");
  EXPECT_EQ(listener.readies, 0);
  time.next_turn();
  EXPECT_EQ(listener.readies, 1);
  instance->invoke(attempt_of(call_id(1), "hello"));
  EXPECT_TRUE(listener.replies.empty());
  time.next_turn();
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(listener.replies[0].first, call_id(1));
  EXPECT_EQ(reply().body, "hello");
  EXPECT_EQ(reply().function_error, FunctionError::kNone);
}

TEST_F(InProcessTest, AShardThatDeliversAtTheTurnsEndSavesTheNextTurn) {
  start_ready("echo");
  instance->invoke(attempt_of(call_id(1)));
  workers.deliver();
  EXPECT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(time.wheel.size(), 0U) << "no timer is left behind";
}

TEST_F(InProcessTest, ACallInvokedFromInsideAReplyIsAnsweredInTheRoundAfter) {
  start_ready("echo");
  std::uint64_t next = 2;
  listener.when_replied = [&](const CallId&) { instance->invoke(attempt_of(call_id(next++))); };
  instance->invoke(attempt_of(call_id(1)));
  workers.deliver();
  EXPECT_EQ(listener.replies.size(), 1U) << "a busy instance cannot hold the loop";
  time.next_turn();
  EXPECT_EQ(listener.replies.size(), 2U) << "and is not forgotten";
  listener.when_replied = nullptr;
}

TEST_F(InProcessTest, DeliveringFromInsideAListenerLosesNothing) {
  start_ready("echo", 2);
  listener.when_replied = [&](const CallId& id) {
    if (id == call_id(1)) instance->invoke(attempt_of(call_id(3)));
    workers.deliver();
  };
  instance->invoke(attempt_of(call_id(1)));
  instance->invoke(attempt_of(call_id(2)));
  workers.deliver();
  time.next_turn();
  EXPECT_EQ(listener.replies.size(), 3U);
}

TEST_F(InProcessTest, AnAnswerMayComeMuchLater) {
  start_ready("later");
  instance->invoke(attempt_of(call_id(1)));
  time.pass(Seconds{10});
  EXPECT_TRUE(listener.replies.empty());
  pending[0].fail("no luck", "Unlucky", FunctionError::kHandled);
  time.next_turn();
  EXPECT_EQ(reply().body, R"({"errorMessage":"no luck","errorType":"Unlucky"})");
  EXPECT_EQ(reply().function_error, FunctionError::kHandled);
}

TEST_F(InProcessTest, ASecondAnswerDoesNothing) {
  start_ready("later");
  instance->invoke(attempt_of(call_id(1)));
  pending[0].succeed("one");
  pending[0].succeed("two");
  workers.deliver();
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().body, "one");
}

TEST_F(InProcessTest, AReplyDroppedUnansweredAnswersWithAnError) {
  start_ready("later");
  instance->invoke(attempt_of(call_id(1)));
  pending.clear();
  workers.deliver();
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().function_error, FunctionError::kUnhandled);
  EXPECT_NE(reply().body.find("without an answer"), std::string::npos);
}

TEST_F(InProcessTest, AHandlerThatThrowsEndsItsCallAlone) {
  registry.add("throws",
               [](const InProcessCall&, InProcessReply) { throw std::runtime_error("oh"); });
  start_ready("throws");
  instance->invoke(attempt_of(call_id(1)));
  workers.deliver();
  EXPECT_EQ(reply().function_error, FunctionError::kUnhandled);
}

TEST_F(InProcessTest, AnAnswerAfterTheInstanceHasGoneIsHarmless) {
  start_ready("later", 2);
  instance->invoke(attempt_of(call_id(1)));
  instance->invoke(attempt_of(call_id(2)));
  pending[0].succeed("posted, not delivered");
  instance.reset();
  pending[1].succeed("late");
  workers.deliver();
  EXPECT_TRUE(listener.replies.empty());
}

TEST_F(InProcessTest, RepliesMatchTheirCallsInWhateverOrderTheyCome) {
  start_ready("later", 3);
  for (std::uint64_t i = 1; i <= 3; ++i) instance->invoke(attempt_of(call_id(i)));
  pending[2].succeed("3");
  pending[0].succeed("1");
  pending[1].succeed("2");
  workers.deliver();
  EXPECT_EQ(listener.replies[0].first, call_id(3));
  EXPECT_EQ(reply(0).body, "3");
  EXPECT_EQ(listener.replies[1].first, call_id(1));
  EXPECT_EQ(listener.replies[2].first, call_id(2));
}

TEST_F(InProcessTest, AMovedReplyIsStillOneRight) {
  start_ready("later", 2);
  instance->invoke(attempt_of(call_id(1)));
  instance->invoke(attempt_of(call_id(2)));
  InProcessReply first = std::move(pending[0]);
  first = std::move(pending[1]);  // the first call's right goes, with `pending`, to its default
  first.succeed("2");
  pending.clear();
  workers.deliver();
  ASSERT_EQ(listener.replies.size(), 2U);
  EXPECT_EQ(listener.replies[0].first, call_id(2));
  EXPECT_EQ(listener.replies[1].first, call_id(1));
  EXPECT_EQ(reply(1).function_error, FunctionError::kUnhandled);
}

TEST_F(InProcessTest, AStopWaitsForTheAnswersStillOwed) {
  start_ready("later");
  instance->invoke(attempt_of(call_id(1)));
  instance->stop(StopHow::kKill);
  time.pass(Seconds{1});
  EXPECT_EQ(listener.gones, 0);
  pending[0].succeed("at last");
  workers.deliver();
  EXPECT_EQ(listener.replies.size(), 1U);
  ASSERT_EQ(listener.gones, 1);
  EXPECT_EQ(listener.gone->reason, GoneReason::kStopped);
}

TEST_F(InProcessTest, AStopOfAnIdleInstanceIsGoneInTheNextTurnOnce) {
  start_ready("echo");
  instance->stop(StopHow::kGraceful);
  instance->stop(StopHow::kGraceful);
  EXPECT_EQ(listener.gones, 0);
  time.next_turn();
  time.next_turn();
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(InProcessTest, AStopBeforeReadyIsGoneWithoutReady) {
  start("echo");
  instance->stop(StopHow::kGraceful);
  time.next_turn();
  EXPECT_EQ(listener.readies, 0);
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(InProcessTest, AnUnknownNameDoesNotStart) {
  start("nobody");
  instance->stop(StopHow::kGraceful);
  time.next_turn();
  ASSERT_EQ(listener.gones, 1);
  EXPECT_EQ(listener.gone->reason, GoneReason::kStartFailed);
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kFunctionNotStarted);
  EXPECT_NE(listener.gone->error.message.find("'nobody'"), std::string::npos);
}

TEST_F(InProcessTest, MayBeDestroyedFromInsideOnGone) {
  start_ready("later");
  listener.when_gone = [this] { instance.reset(); };
  instance->invoke(attempt_of(call_id(1)));
  instance->stop(StopHow::kGraceful);
  pending[0].succeed("");
  workers.deliver();
  EXPECT_EQ(instance, nullptr);
}

TEST_F(InProcessTest, TheEventOutlivesTheHandlersReturnForWhoeverKeepsIt) {
  std::shared_ptr<const std::string> kept;
  registry.add("keeps", [&](const InProcessCall& call, InProcessReply done) {
    kept = call.attempt.event;
    pending.push_back(std::move(done));
  });
  start_ready("keeps");
  instance->invoke(attempt_of(call_id(1), "big"));
  EXPECT_EQ(*kept, "big");
  pending.clear();
}

}  // namespace
}  // namespace convoke::test
