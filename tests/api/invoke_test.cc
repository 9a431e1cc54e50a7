#include "core/api/invoke.h"

#include <gtest/gtest.h>

#include "core/dispatch/queued_event.h"
#include "tests/api/invoke_world.h"
#include "tests/http/site.h"

namespace convoke {
namespace {

const http::Header kNamed{"X-Fc-Stateful-Async-Invocation-Id", "order-1"};
const http::Header kWait{"Prefer", "wait=5"};

class Invoke : public ::testing::Test {
 protected:
  // A call that waits for its end, accepted.
  http::ExchangeId send_and_wait() {
    const http::ExchangeId waiting = world.send({kWait});
    world.queue.answer();
    EXPECT_EQ(world.answer_to(waiting), "none");
    EXPECT_TRUE(waits(waiting));
    return waiting;
  }
  [[nodiscard]] bool waits(http::ExchangeId exchange) {
    return world.invoker().watches(InvokeWorld::id_of(exchange));
  }
  InvokeWorld world;
};

TEST_F(Invoke, Answers202OnlyWhenTheStoreHasSaidThatTheCallIsDurable) {
  const http::ExchangeId call = world.send({});
  EXPECT_EQ(world.answer_to(call), "none");
  EXPECT_EQ(world.invoker().calls_open(), 1U);
  world.queue.answer();
  EXPECT_EQ(world.answer_to(call), "202");
  EXPECT_EQ(world.header_of(call, "X-Fc-Request-Id"), InvokeWorld::id_of(call).text());
  EXPECT_EQ(world.body_of(call), "");
  EXPECT_EQ(world.invoker().calls_open(), 0U);
}

TEST_F(Invoke, StoresTheCallAsItWasSent) {
  const http::ExchangeId call = world.send({{"X-Fc-Async-Delay", "30"}});
  ASSERT_EQ(world.queue.calls.size(), 1U);
  const NewCall& stored = world.queue.calls.front();
  EXPECT_EQ(stored.id, InvokeWorld::id_of(call));
  EXPECT_EQ(stored.function, FunctionId{7});
  EXPECT_EQ(stored.qualifier, "LATEST");
  EXPECT_EQ(stored.event, "event");
  EXPECT_EQ(stored.name, "");
  EXPECT_EQ(stored.accepted, world.now());
  EXPECT_EQ(stored.due, world.now() + Seconds{30});
}

TEST_F(Invoke, AnAsynchronousRequestIsStoredWithItsHeadAndIts202IsEmpty) {
  const http::ExchangeId call =
      world.send_http({{"X-Own", "1"}, {"X-Fc-Async-Delay", "30"}}, "body");
  ASSERT_EQ(world.queue.calls.size(), 1U);
  const NewCall& stored = world.queue.calls.front();
  EXPECT_EQ(stored.due, world.now() + Seconds{30});
  const FromQueue read = read_queued(stored.event);
  ASSERT_TRUE(read.http);
  EXPECT_EQ(read.event, "body");
  EXPECT_EQ(read.http->head.target, "/2016-08-15/proxy/s/f/a?b");
  EXPECT_EQ(read.http->head.headers.get("X-Own"), "1");
  EXPECT_EQ(read.http->head.headers.get("X-Fc-Base-Path"), "/2016-08-15/proxy/s/f");
  EXPECT_EQ(read.http->head.headers.find("X-Fc-Async-Delay"), nullptr);
  world.queue.answer();
  EXPECT_EQ(world.answer_to(call), "202");
  EXPECT_EQ(world.body_of(call), "");
}

TEST_F(Invoke, AnAsynchronousRequestThatIsTooLargeWithItsHeadIsRefused) {
  const std::string most(kAsyncEventBytesMax - 200, 'x');
  world.send_http({}, most);
  EXPECT_EQ(world.queue.calls.size(), 1U);
  const http::ExchangeId refused = world.send_http({{"X-Own", std::string(200, 'x')}}, most);
  EXPECT_EQ(world.answer_to(refused), "400 EntityTooLarge");
  EXPECT_EQ(world.queue.calls.size(), 1U);
}

TEST_F(Invoke, AnEventThatLooksLikeARequestIsStoredAsTheEventThatItIs) {
  const std::string event = queued_request({"POST", "/", {}}, "");
  world.send({}, "f", event);
  EXPECT_EQ(read_queued(world.queue.calls.front().event).http, nullptr);
  EXPECT_EQ(read_queued(world.queue.calls.front().event).event, event);
}

TEST_F(Invoke, ACallWithoutACallerIsStoredWithoutALineage) {
  world.send({});
  world.send({{"traceparent", "nonsense"}, {"x-convoke-lineage", "forged"}});
  for (const NewCall& stored : world.queue.calls) EXPECT_FALSE(stored.lineage);
}

TEST_F(Invoke, ACallersTokenMakesTheCallItsChild) {
  const CallId caller = CallId::from_random(8, 8);
  LineageToken token;
  token.lineage = root_lineage(caller, FunctionId{5});
  token.call = caller;
  token.deadline = world.now() + Seconds{1};
  const std::string text(view_of(world.seal.seal(token)));
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  world.send({{"tracestate", "other=1,convoke=" + text},
              {"traceparent", "00-" + trace + "-b7ad6b7169203331-01"}});
  ASSERT_TRUE(world.queue.calls.front().lineage);
  const Lineage& lineage = *world.queue.calls.front().lineage;
  EXPECT_EQ(lineage.root, caller);
  EXPECT_EQ(lineage.parent, caller);
  EXPECT_EQ(lineage.depth, 1);
  EXPECT_EQ(lineage.trace[15], 0x9c);
}

TEST_F(Invoke, AChildOfAStoppedTreeIsRefusedAndWhoIsNoneIsNot) {
  const CallId caller = CallId::from_random(8, 8);
  LineageToken token;
  token.lineage = root_lineage(caller, FunctionId{5});
  token.call = caller;
  token.deadline = world.now() + Seconds{1};
  const std::string text(view_of(world.seal.seal(token)));
  world.stop_tree(caller);
  for (const char* how : {"Async", "Sync"}) {
    const auto child = world.send({{"x-convoke-lineage", text}, {"X-Fc-Invocation-Type", how}});
    EXPECT_EQ(world.answer_to(child), "412 InvocationTreeStopped") << how;
  }
  TriggeredCall triggered;
  triggered.id = CallId::from_random(9, 9);
  triggered.function = FunctionId{7};
  triggered.lineage = child_lineage(token.lineage, caller, triggered.function);
  std::optional<ErrorCode> said;
  world.invoker().accept_triggered({triggered}, [&](const Result<void>& accepted) {
    if (!accepted) said = accepted.error().code;
  });
  EXPECT_EQ(said, ErrorCode::kInvocationTreeStopped);
  EXPECT_TRUE(world.queue.calls.empty());
  (void)world.send({});
  EXPECT_EQ(world.queue.calls.size(), 1U);
}

TEST_F(Invoke, ATraceThatThisEngineMintedIsNotStoredTwice) {
  const CallId caller = CallId::from_random(8, 8);
  LineageToken token;
  token.lineage = root_lineage(caller, FunctionId{5});
  token.call = caller;
  token.deadline = world.now() + Seconds{1};
  std::string trace = caller.text();
  std::erase(trace, '-');
  world.send({{"x-convoke-lineage", std::string(view_of(world.seal.seal(token)))},
              {"traceparent", "00-" + trace + "-b7ad6b7169203331-01"}});
  EXPECT_EQ(world.queue.calls.front().lineage->trace, TraceId{});
}

TEST_F(Invoke, AFunctionThatDoesNotExistIs404AndNothingIsStored) {
  EXPECT_EQ(world.answer_to(world.send({}, "g")), "404 FunctionNotFound");
  EXPECT_TRUE(world.queue.calls.empty());
}

TEST_F(Invoke, HeadersThatContradictEachOtherAre400AndNothingIsStored) {
  const http::ExchangeId call = world.send({{"X-Fc-Log-Type", "Tail"}});
  EXPECT_EQ(world.answer_to(call), "400 InvalidArgument");
  EXPECT_TRUE(world.queue.calls.empty());
}

TEST_F(Invoke, TriggeredCallsAreAnsweredTogetherWhenAllAreDurable) {
  std::vector<Result<void>> said;
  const auto accept = [&](std::size_t bytes) {
    world.invoker().accept_triggered(
        {{CallId::from_random(2, 1), FunctionId{7}, "LATEST", "a"},
         {CallId::from_random(2, 2), FunctionId{7}, "", std::string(bytes, 'b')}},
        [&](const Result<void>& all) { said.push_back(all); });
  };
  accept(5);
  ASSERT_EQ(world.queue.calls.size(), 2U);
  EXPECT_EQ(world.queue.calls[0].qualifier, "LATEST");
  EXPECT_EQ(world.queue.calls[1].event, "bbbbb");
  EXPECT_EQ(world.queue.calls[1].due, world.now());
  EXPECT_EQ(world.invoker().calls_open(), 2U);
  world.queue.answer(Error{ErrorCode::kServiceUnavailable, "the disk is gone"});
  EXPECT_TRUE(said.empty());
  world.queue.answer();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].error().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(world.invoker().calls_open(), 0U);
  accept(kAsyncEventBytesMax + 1);
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[1].error().code, ErrorCode::kEntityTooLarge);
  EXPECT_EQ(world.queue.calls.size(), 2U) << "none of them is made";
  world.make_stateful();
  accept(1);
  EXPECT_EQ(world.queue.calls.back().name, CallId::from_random(2, 2).text());
}

TEST_F(Invoke, AStoreThatFailsIs503) {
  const http::ExchangeId call = world.send({});
  world.queue.answer(Error{ErrorCode::kServiceUnavailable, "the disk is gone"});
  EXPECT_EQ(world.answer_to(call), "503 ServiceUnavailable");
  EXPECT_EQ(world.invoker().calls_open(), 0U);
}

TEST_F(Invoke, AFullQueueIs429AndSaysWhenToComeBack) {
  const http::ExchangeId call = world.send({});
  world.queue.answer(Error{ErrorCode::kResourceThrottled, "full", Seconds{9}});
  EXPECT_EQ(world.answer_to(call), "429 ResourceThrottled");
  EXPECT_EQ(world.header_of(call, "Retry-After"), "9");
}

TEST_F(Invoke, AHistoryThatIsTooFarBehindIs429AndNothingIsStored) {
  world.names.keeps_up_now = Error{ErrorCode::kResourceThrottled, "too far behind", Seconds{2}};
  const http::ExchangeId call = world.send({kWait});
  EXPECT_EQ(world.answer_to(call), "429 ResourceThrottled");
  EXPECT_EQ(world.header_of(call, "Retry-After"), "2");
  EXPECT_TRUE(world.queue.calls.empty());
  (void)world.send({});
  EXPECT_EQ(world.queue.calls.size(), 1U) << "a call without a history has no part in it";
}

// ---- how much an event may be ----

std::string refusal_of(const std::string& headers, std::size_t event_bytes) {
  http::Site site;
  http::Headers read;
  if (!headers.empty()) read.add("X-Fc-Invocation-Type", "Async");
  InvokeWorld world;
  site.body_max = *world.invoker().event_bytes_max(read);
  const auto client = site.network.dial();
  client->send("POST /f HTTP/1.1\r\nHost: h\r\n" + headers +
               "Content-Length: " + std::to_string(event_bytes) + "\r\n\r\n");
  return client->received();
}

TEST(InvokeEvent, OneByteTooManyIs400) {
  const std::string async = "X-Fc-Invocation-Type: Async\r\n";
  EXPECT_EQ(refusal_of(async, kAsyncEventBytesMax), "");
  EXPECT_EQ(refusal_of("", kSyncEventBytesMax), "");
  const std::string refused = refusal_of(async, kAsyncEventBytesMax + 1);
  EXPECT_EQ(http::status_of(refused), "400");
  EXPECT_NE(refused.find(R"("EntityTooLarge")"), std::string::npos);
  EXPECT_EQ(http::status_of(refusal_of("", kSyncEventBytesMax + 1)), "400");
}

TEST(InvokeEvent, ACallThatIsWaitedForIsAsynchronous) {
  http::Headers headers;
  headers.add("Prefer", "wait=5");
  InvokeWorld world;
  EXPECT_EQ(*world.invoker().event_bytes_max(headers), kAsyncEventBytesMax);
}

// ---- names ----

TEST_F(Invoke, ANamedCallIsStoredOnceItsNameIsReserved) {
  const http::ExchangeId call = world.send({kNamed});
  EXPECT_TRUE(world.queue.calls.empty());
  EXPECT_EQ(world.invoker().calls_open(), 1U);
  world.names.answer();
  ASSERT_EQ(world.queue.calls.size(), 1U);
  EXPECT_EQ(world.queue.calls.front().name, "order-1");
  EXPECT_EQ(world.answer_to(call), "none");
  world.queue.answer();
  EXPECT_EQ(world.answer_to(call), "202");
  EXPECT_EQ(world.header_of(call, "X-Fc-Stateful-Async-Invocation-Id"), "order-1");
  EXPECT_TRUE(world.names.in_use.contains("order-1")) << "its call has it now";
}

TEST_F(Invoke, ANameInUseIs409AndNothingIsStored) {
  world.names.in_use.insert("order-1");
  const http::ExchangeId call = world.send({kNamed});
  world.names.answer();
  EXPECT_EQ(world.answer_to(call), "409 StatefulAsyncInvocationAlreadyExists");
  EXPECT_TRUE(world.queue.calls.empty());
  EXPECT_TRUE(world.names.in_use.contains("order-1")) << "it is another call's";
  EXPECT_EQ(world.invoker().calls_open(), 0U);
}

TEST_F(Invoke, ANameIsFreeAgainWhenTheStoreHasRefusedItsCall) {
  const http::ExchangeId refused = world.send({kNamed});
  world.names.answer();
  EXPECT_TRUE(world.names.in_use.contains("order-1"));
  world.queue.answer(Error{ErrorCode::kResourceThrottled, "full", Seconds{1}});
  EXPECT_EQ(world.answer_to(refused), "429 ResourceThrottled");
  const http::ExchangeId again = world.send({kNamed});
  world.names.answer();
  world.queue.answer();
  EXPECT_EQ(world.answer_to(again), "202");
}

TEST_F(Invoke, ACallOfAStatefulFunctionIsNamedByItsRequestId) {
  world.make_stateful();
  const http::ExchangeId call = world.send({});
  world.queue.answer();
  const std::string name = InvokeWorld::id_of(call).text();
  EXPECT_EQ(world.queue.calls.front().name, name);
  EXPECT_EQ(world.header_of(call, "X-Fc-Stateful-Async-Invocation-Id"), name);
}

// ---- Prefer: wait ----

TEST_F(Invoke, AWaitThatIsOverIsAnsweredBy202AndTheCallGoesOn) {
  const http::ExchangeId call = send_and_wait();
  world.pass(Seconds{5} - Millis{1});
  EXPECT_EQ(world.answer_to(call), "none");
  world.pass(Millis{1});
  EXPECT_EQ(world.answer_to(call), "202");
  EXPECT_EQ(world.header_of(call, "Preference-Applied"), "wait=5");
  EXPECT_EQ(world.header_of(call, "X-Fc-Stateful-Async-Invocation-Id"),
            InvokeWorld::id_of(call).text());
  EXPECT_FALSE(waits(call));
  world.settle(call, "too late");  // its end was on its way to the disk; a second answer would fail
}

TEST_F(Invoke, AnEndThatComesInTimeIsTheAnswer) {
  const http::ExchangeId call = send_and_wait();
  world.pass(Seconds{4});
  world.settle(call, "the result");
  EXPECT_EQ(world.answer_to(call), "200");
  EXPECT_EQ(world.body_of(call), "the result");
  EXPECT_EQ(world.header_of(call, "Preference-Applied"), "wait=5");
  EXPECT_EQ(world.header_of(call, "X-Fc-Stateful-Async-Invocation-Id"),
            InvokeWorld::id_of(call).text());
  EXPECT_FALSE(waits(call));
  world.pass(Seconds{60});  // the time was given up: a second answer would fail
}

TEST_F(Invoke, AClientThatGoesWhileItWaitsIsForgotten) {
  const http::ExchangeId call = send_and_wait();
  world.invoker().client_gone(call);
  EXPECT_FALSE(waits(call));
  world.settle(call, "to nobody");
  world.pass(Seconds{60});
  EXPECT_EQ(world.answer_to(call), "none");
}

TEST_F(Invoke, AClientThatGoesBeforeItsCallIsDurableIsNotWaitedFor) {
  const http::ExchangeId call = world.send({kWait});
  world.invoker().client_gone(call);
  world.queue.answer();
  EXPECT_FALSE(waits(call));
  EXPECT_EQ(world.invoker().calls_open(), 0U);
  world.pass(Seconds{60});
  EXPECT_EQ(world.answer_to(call), "none");
}

TEST_F(Invoke, AWaitBeginsWhenTheCallIsDurable) {
  const http::ExchangeId call = world.send({kWait});
  world.pass(Seconds{60});
  EXPECT_EQ(world.answer_to(call), "none");
  world.queue.answer();
  world.pass(Seconds{4});
  EXPECT_EQ(world.answer_to(call), "none");
  world.pass(Seconds{1});
  EXPECT_EQ(world.answer_to(call), "202");
}

TEST_F(Invoke, AllWaitsCanBeEndedAtOnce) {
  const http::ExchangeId one = send_and_wait();
  const http::ExchangeId other = send_and_wait();
  world.invoker().end_waits();
  EXPECT_EQ(world.answer_to(one), "202");
  EXPECT_EQ(world.answer_to(other), "202");
}

}  // namespace
}  // namespace convoke
