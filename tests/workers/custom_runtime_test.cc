// A custom runtime from start to answer: launcher, ports and connections are the test's.
#include "workers/custom_runtime.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "tests/workers/fakes.h"
#include "workers/process_instance.h"
#include "workers/process_workers.h"

namespace convoke::test {
namespace {

using Owner = ListenerReport::Owner;

class CustomRuntimeTest : public testing::Test {
 protected:
  void start() { instance = workers.start(function, listener); }
  void spawn() {
    start();
    process().handler->on_spawned();
  }
  void start_ready() {
    spawn();
    time.pass(Millis{11});
    report(Owner::kGroup);
    ASSERT_EQ(listener.readies, 1);
  }
  void report(Owner owner, std::vector<std::uint16_t> group_ports = {}) {
    process().handler->on_listener({owner, std::move(group_ports), 21.5});
  }
  // Lets the engine look for `duration`, answering each look.
  void looks_find(Duration duration, Owner owner, const std::vector<std::uint16_t>& group_ports) {
    const Instant end = time.now() + duration;
    std::size_t answered = process().looks.size();
    while (time.now() < end && process().signals.empty()) {
      time.pass(Millis{1});
      if (process().looks.size() > answered) {
        answered = process().looks.size();
        report(owner, group_ports);
      }
    }
  }
  void connect_last() { wire().handler->on_connected(); }
  void answer(FakeWire& to, const std::string& headers, const std::string& body) {
    to.handler->on_bytes("HTTP/1.1 200 OK\r\n" + headers +
                         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  FakeProcess& process() { return spawner.last(); }
  FakeWire& wire() { return *wires.wires.back(); }
  [[nodiscard]] const Error& start_error() const { return listener.gone.value().error; }
  const Reply& reply(std::size_t i = 0) { return listener.replies.at(i).second; }
  std::uint16_t port() { return process().looks.back(); }

  std::shared_ptr<Function> function = a_function(Runtime::kCustom);
  VirtualTime time;
  FakeWires wires;
  FakeSpawner spawner;
  RecordingSink sink;
  RecordingListener listener;
  Rng rng = Rng::seeded(3);
  PortPool ports{{20'000, 20'003}, rng};
  ProcessWorkers workers{
      ProcessOptions{}, {time, time.wheel, wires, spawner, sink, ports}, rng.fork("ids")};
  std::unique_ptr<Instance> instance;
};

TEST_F(CustomRuntimeTest, StartsTheBootstrapInTheCodesDirectoryWithItsPort) {
  spawn();
  const SpawnRequest& request = process().request;
  EXPECT_EQ(request.argv, std::vector<std::string>{"/code/7/bootstrap"});
  EXPECT_EQ(request.working_directory, "/code/7");
  time.pass(Millis{11});
  const std::string variable = "FC_SERVER_PORT=" + std::to_string(port());
  EXPECT_NE(std::find(request.environment.begin(), request.environment.end(), variable),
            request.environment.end());
}

TEST_F(CustomRuntimeTest, LooksForItsListenerLessAndLessOften) {
  spawn();
  EXPECT_TRUE(process().looks.empty());
  looks_find(Seconds{1}, Owner::kNobody, {});
  EXPECT_EQ(process().looks.size(), 8U) << "after 10, 20, 40, 80, 160, then every 200 ms";
  EXPECT_EQ(listener.readies, 0);
}

TEST_F(CustomRuntimeTest, IsReadyWhenItsOwnGroupListens) {
  start_ready();
  EXPECT_EQ(instance->memory_peak_mb(), 21.5);
  EXPECT_EQ(process().samples, 0) << "the report has told it";
  time.pass(Seconds{300});
  EXPECT_EQ(process().looks.size(), 1U);
  EXPECT_TRUE(process().signals.empty());
}

TEST_F(CustomRuntimeTest, AStrangersListenerIsNotTakenForItsOwn) {
  spawn();
  time.pass(Millis{11});
  report(Owner::kStranger);
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
  process().handler->on_exited({0, SIGKILL});
  EXPECT_EQ(start_error().code, ErrorCode::kFunctionNotStarted);
  EXPECT_NE(start_error().message.find("Port " + std::to_string(port()) +
                                       " is held by a process that does not belong"),
            std::string::npos);
}

TEST_F(CustomRuntimeTest, ABootstrapThatIgnoresItsPortIsToldSoByName) {
  spawn();
  looks_find(Seconds{1}, Owner::kNobody, {9000});
  EXPECT_TRUE(process().signals.empty()) << "it may yet listen";
  looks_find(Seconds{2}, Owner::kNobody, {9000});
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
  process().handler->on_exited({0, SIGKILL});
  EXPECT_EQ(start_error().code, ErrorCode::kFunctionNotStarted);
  EXPECT_NE(start_error().message.find("ignores FC_SERVER_PORT: it listens on port 9000, and must "
                                       "listen on port " +
                                       std::to_string(port())),
            std::string::npos)
      << start_error().message;
}

TEST_F(CustomRuntimeTest, ADebugPortOpenedFirstIsNoFault) {
  spawn();
  looks_find(Millis{1500}, Owner::kNobody, {9229});
  report(Owner::kGroup, {9229, port()});
  EXPECT_EQ(listener.readies, 1);
}

TEST_F(CustomRuntimeTest, OneThatNeverListensIsKilledAfter120SecondsWithItsLog) {
  spawn();
  process().handler->on_output(OutputStream::kStderr, "still thinking\n");
  looks_find(Seconds{130}, Owner::kNobody, {});
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
  process().handler->on_exited({0, SIGKILL});
  EXPECT_EQ(start_error().code, ErrorCode::kFunctionNotStarted);
  EXPECT_TRUE(start_error().message.starts_with(
      "The CA's http server cannot be started:ContainerStartDuration:120000000000. "
      "Ping CA failed due to: dial tcp 127.0.0.1:" +
      std::to_string(port()) + ": getsockopt: connection refused Logs : still thinking"))
      << start_error().message;
}

TEST_F(CustomRuntimeTest, ASlowStartIsAStart) {
  spawn();
  looks_find(Seconds{119}, Owner::kNobody, {});
  report(Owner::kGroup);
  EXPECT_EQ(listener.readies, 1);
}

TEST_F(CustomRuntimeTest, APortInUseByAnotherProgramIsPassedOver) {
  wires.ports_in_use = {20'000, 20'001, 20'003};
  spawn();
  time.pass(Millis{11});
  EXPECT_EQ(port(), 20'002);
}

TEST_F(CustomRuntimeTest, WithoutAFreePortNothingIsStarted) {
  wires.ports_in_use = {20'000, 20'001, 20'002, 20'003};
  start();
  time.next_turn();
  EXPECT_TRUE(spawner.processes.empty());
  EXPECT_EQ(start_error().code, ErrorCode::kResourceExhausted);
}

TEST_F(CustomRuntimeTest, ThePortIsGivenBackWithTheInstance) {
  start_ready();
  EXPECT_EQ(ports.held(), 1U);
  instance.reset();
  EXPECT_EQ(ports.held(), 0U);
}

// ---- calls

TEST_F(CustomRuntimeTest, ACallIsAPostToInvokeWithTheEventAndItsBodyIsTheResult) {
  start_ready();
  instance->invoke(attempt_of(call_id(1), "the event"));
  EXPECT_EQ(wire().to.text(), "127.0.0.1:" + std::to_string(port()));
  connect_last();
  EXPECT_TRUE(wire().written.starts_with("POST /invoke HTTP/1.1\r\n")) << wire().written;
  EXPECT_NE(wire().written.find("x-fc-request-id: " + call_id(1).text()), std::string::npos);
  EXPECT_TRUE(wire().written.ends_with("\r\n\r\nthe event"));
  answer(wire(), "Content-Type: text/plain\r\n", "result");
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().body, "result");
  EXPECT_EQ(reply().function_error, FunctionError::kNone);
}

TEST_F(CustomRuntimeTest, ARequestThroughAnHttpTriggerIsTheClientsOwnAndSoIsItsAnswer) {
  start_ready();
  Attempt attempt = attempt_of(call_id(1), "the body");
  HttpCall call{{"PUT", "/2016-08-15/proxy/s/f/a?b=c", {}}, true};
  call.head.headers.add("Accept", "x");
  call.head.headers.add("Host", "shop.example");
  call.head.headers.add("Content-Type", "text/plain");
  attempt.http = std::make_shared<const HttpCall>(call);
  instance->invoke(attempt);
  connect_last();
  const std::string written = wire().written;
  EXPECT_TRUE(
      written.starts_with("PUT /2016-08-15/proxy/s/f/a?b=c HTTP/1.1\r\nHost: shop.example\r\n"))
      << written;
  EXPECT_NE(written.find("x-fc-control-path: /http-invoke\r\n"), std::string::npos);
  EXPECT_NE(written.find("x-fc-request-id: " + call_id(1).text()), std::string::npos);
  EXPECT_NE(written.find("Content-Type: text/plain\r\n"), std::string::npos);
  EXPECT_EQ(written.find("octet-stream"), std::string::npos);
  EXPECT_TRUE(written.ends_with("\r\n\r\nthe body"));
  wire().handler->on_bytes(
      "HTTP/1.1 404 Not Found\r\nX-Fc-Status: 404\r\nX-A: b\r\nContent-Length: 4\r\n\r\nnone");
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().function_error, FunctionError::kNone) << "its status is its own affair";
  ASSERT_TRUE(reply().http);
  EXPECT_EQ(reply().http->status, 404);
  EXPECT_EQ(reply().http->headers.get("x-a"), "b");
  EXPECT_EQ(reply().body, "none");
  wire().written.clear();
  instance->invoke(attempt_of(call_id(2), "an event"));
  EXPECT_TRUE(wire().written.starts_with("POST /invoke HTTP/1.1\r\nHost: 127.0.0.1"))
      << wire().written;
}

TEST_F(CustomRuntimeTest, Status404OfXFcStatusIsAFunctionErrorWithItsBodyAsItIs) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  connect_last();
  answer(wire(), "X-Fc-Status: 404\r\n", "not JSON");
  EXPECT_EQ(reply().function_error, FunctionError::kUnhandled);
  EXPECT_EQ(reply().body, "not JSON");
}

TEST_F(CustomRuntimeTest, AnyOtherStatusIsASuccess) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  connect_last();
  wire().handler->on_bytes("HTTP/1.1 500 Oh\r\nx-fc-status: 200\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(reply().function_error, FunctionError::kNone);
  EXPECT_EQ(reply().body, "ok");
}

TEST_F(CustomRuntimeTest, AQueuedCallAnsweredWith503ComesAgainUnlessItsStatusSaysOtherwise) {
  function->spec.instance_concurrency = 1;
  start_ready();
  const auto ends = [&](bool queued, const std::string& answer) {
    Attempt attempt = attempt_of(call_id(listener.replies.size() + 1));
    attempt.asynchronous = queued;
    instance->invoke(std::move(attempt));
    if (listener.replies.empty()) connect_last();
    wire().handler->on_bytes("HTTP/1.1 " + answer + "Content-Length: 4\r\n\r\nbusy");
    return listener.replies.back().second;
  };
  EXPECT_EQ(ends(true, "503 Oh\r\n").system_error->code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(ends(true, "429 Oh\r\n").system_error->code, ErrorCode::kResourceThrottled);
  EXPECT_FALSE(ends(true, "503 Oh\r\nx-fc-status: 200\r\n").system_error);
  EXPECT_EQ(ends(true, "503 Oh\r\nx-fc-status: 404\r\n").function_error, FunctionError::kUnhandled);
  EXPECT_FALSE(ends(true, "500 Oh\r\n").system_error);
  EXPECT_FALSE(ends(false, "503 Oh\r\n").system_error) << "its caller has the answer as it is";
}

TEST_F(CustomRuntimeTest, TheConnectionIsKeptForTheNextCallAlsoFromInsideTheReply) {
  start_ready();
  listener.when_replied = [&](const CallId& id) {
    if (id == call_id(1)) instance->invoke(attempt_of(call_id(2)));
  };
  instance->invoke(attempt_of(call_id(1)));
  connect_last();
  answer(wire(), "", "1");
  answer(wire(), "", "2");
  EXPECT_EQ(wires.wires.size(), 1U);
  ASSERT_EQ(listener.replies.size(), 2U);
  EXPECT_EQ(reply(1).body, "2");
}

TEST_F(CustomRuntimeTest, SeveralCallsAtOnceHaveAConnectionEach) {
  function->spec.instance_concurrency = 2;
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  connect_last();
  instance->invoke(attempt_of(call_id(2)));
  connect_last();
  ASSERT_EQ(wires.wires.size(), 2U);
  answer(*wires.wires[1], "", "2");
  answer(*wires.wires[0], "", "1");
  EXPECT_EQ(listener.replies[0].first, call_id(2));
  EXPECT_EQ(listener.replies[1].first, call_id(1));
}

TEST_F(CustomRuntimeTest, AStaleConnectionIsNotRetriedSinceTheCallMayHaveRun) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  connect_last();
  answer(wire(), "", "1");
  instance->invoke(attempt_of(call_id(2)));
  wire().handler->on_closed(Error{});
  time.pass(kVerdictMax + Millis{1});
  ASSERT_EQ(listener.replies.size(), 2U);
  EXPECT_EQ(reply(1).system_error.value().code, ErrorCode::kBadResponse);
  EXPECT_EQ(wires.wires.size(), 1U) << "nothing was sent again";
  instance->invoke(attempt_of(call_id(3)));
  EXPECT_EQ(wires.wires.size(), 2U) << "the next call has a new connection";
}

TEST_F(CustomRuntimeTest, AConnectionClosedBetweenCallsCostsNoCall) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  connect_last();
  answer(wire(), "", "1");
  wire().handler->on_eof();
  instance->invoke(attempt_of(call_id(2)));
  ASSERT_EQ(wires.wires.size(), 2U);
  connect_last();
  answer(wire(), "", "2");
  EXPECT_EQ(reply(1).body, "2");
}

TEST_F(CustomRuntimeTest, AnAnswerThatIsNotHttpIsABadResponseAtOnce) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  connect_last();
  wire().handler->on_bytes("hello there\r\n\r\n");
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().system_error.value().code, ErrorCode::kBadResponse);
}

TEST_F(CustomRuntimeTest, AProcessThatDiesMidCallIsSaidToHaveExited) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  connect_last();
  wire().handler->on_closed(Error{});
  process().handler->on_exited({1, 0});
  EXPECT_NE(reply().body.find("Process exited unexpectedly"), std::string::npos);
  EXPECT_EQ(reply().function_error, FunctionError::kUnhandled);
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(CustomRuntimeTest, ACallThatADeadProcessCannotHaveSeenHasNotBegun) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  wire().handler->on_closed(Error{});  // refused
  process().handler->on_exited({0, SIGKILL});
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_TRUE(reply().never_began);
}

TEST_F(CustomRuntimeTest, ACallOnAConnectionThatEndsAsItIsSentMayHaveBegunIfAByteHasLeft) {
  function->spec.instance_concurrency = 2;
  start_ready();
  for (std::uint64_t i = 1; i <= 2; ++i) {
    instance->invoke(attempt_of(call_id(i)));
    connect_last();
    wire().never_read = wire().written.size() - (i == 1 ? 0 : 1);
    wire().handler->on_eof();
  }
  process().handler->on_exited({0, SIGKILL});
  ASSERT_EQ(listener.replies.size(), 2U);
  EXPECT_TRUE(reply(0).never_began);
  EXPECT_FALSE(reply(1).never_began);
}

// ---- the initializer

TEST_F(CustomRuntimeTest, TheInitializerIsAPostWithoutBodyBeforeReady) {
  function->spec.initializer = "index.init";
  spawn();
  time.pass(Millis{11});
  report(Owner::kGroup);
  EXPECT_EQ(listener.readies, 0);
  connect_last();
  EXPECT_TRUE(wire().written.starts_with("POST /initialize HTTP/1.1\r\n"));
  EXPECT_NE(wire().written.find("x-fc-control-path: /initialize"), std::string::npos);
  EXPECT_TRUE(wire().written.ends_with("\r\n\r\n"));
  wire().handler->on_bytes("HTTP/1.1 204 Fine\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(listener.readies, 1);
  instance->invoke(attempt_of(call_id(1)));
  EXPECT_EQ(wires.wires.size(), 1U) << "the same connection";
}

TEST_F(CustomRuntimeTest, AnInitializerAnsweredOutside2xxIsTheCallsError) {
  function->spec.initializer = "index.init";
  spawn();
  time.pass(Millis{11});
  report(Owner::kGroup);
  connect_last();
  wire().handler->on_bytes("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(listener.readies, 1);
  instance->invoke(attempt_of(call_id(1)));
  time.next_turn();
  EXPECT_NE(reply().body.find("answered with status 500"), std::string::npos);
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
}

TEST_F(CustomRuntimeTest, AProcessThatDiesInItsInitializerIsCAExitedEvenIfTheConnectionGoesFirst) {
  function->spec.initializer = "index.init";
  spawn();
  time.pass(Millis{11});
  report(Owner::kGroup);
  wire().handler->on_closed(Error{});
  process().handler->on_exited({7, 0});
  time.pass(Seconds{1});
  EXPECT_EQ(listener.readies, 0);
  EXPECT_EQ(start_error().code, ErrorCode::kCaExited);
}

TEST_F(CustomRuntimeTest, AnInitializerWhoseConnectionGoesIsTheCallsErrorToo) {
  function->spec.initializer = "index.init";
  spawn();
  time.pass(Millis{11});
  report(Owner::kGroup);
  wire().handler->on_closed(Error{});
  EXPECT_EQ(listener.readies, 0) << "it may be dying";
  time.pass(kVerdictMax + Millis{1});
  instance->invoke(attempt_of(call_id(1)));
  time.next_turn();
  EXPECT_NE(reply().body.find("initialization failed"), std::string::npos);
}

}  // namespace
}  // namespace convoke::test
