// The engine's end of the frames, against a peer that is the test.
#include "workers/handler_runtime.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "tests/workers/fakes.h"
#include "workers/process_workers.h"

namespace convoke::test {
namespace {

class HandlerRuntimeTest : public testing::Test {
 protected:
  void start() { instance = workers.start(function, listener); }
  void connect() {
    start();
    process().handler->on_spawned();
    peer = wires.accept_at("/run/" + instance->id());
    ASSERT_NE(peer, nullptr);
  }
  void start_ready() {
    connect();
    say(FrameKind::kReady, 0, "");
    process().handler->on_memory(11);
    ASSERT_EQ(listener.readies, 1);
    said();
  }
  void say(FrameKind kind, std::uint64_t call, std::string_view payload) {
    peer->handler->on_bytes(encode_frame(kind, call, payload));
  }
  // What the engine has sent since the last time.
  std::vector<Frame> said() {
    std::vector<Frame> frames;
    const std::string all = std::exchange(peer->written, {});
    std::string_view bytes = all;
    while (std::optional<Frame> frame = reader.next(bytes)) frames.push_back(std::move(*frame));
    return frames;
  }
  FakeProcess& process() { return spawner.last(); }

  std::shared_ptr<Function> function = a_function(Runtime::kPython3);
  VirtualTime time;
  FakeWires wires;
  FakeSpawner spawner;
  RecordingSink sink;
  RecordingListener listener;
  Rng rng = Rng::seeded(3);
  PortPool ports{{20'000, 20'100}, rng};
  ProcessOptions options{{}, {"/usr/bin/python3", "/state/python.py", "/run"}};
  ProcessWorkers workers{options, {time, time.wheel, wires, spawner, sink, ports}, rng.fork("ids")};
  std::unique_ptr<Instance> instance;
  std::shared_ptr<FakeWire> peer;
  FrameReader reader;
};

TEST_F(HandlerRuntimeTest, StartsPythonInTheCodesDirectoryAndTellsItWhereToConnect) {
  start();
  const SpawnRequest& request = process().request;
  EXPECT_EQ(request.argv, (std::vector<std::string>{"/usr/bin/python3", "-s", "/state/python.py",
                                                    "/run/" + instance->id()}));
  EXPECT_EQ(request.working_directory, "/code/7");
}

TEST_F(HandlerRuntimeTest, SpeaksFirstAndIsReadyWhenTheRuntimeSaysSo) {
  connect();
  const std::vector<Frame> frames = said();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].kind, FrameKind::kSetup);
  EXPECT_NE(frames[0].payload.find(R"("handler":"index.handler")"), std::string::npos);
  EXPECT_NE(frames[0].payload.find(R"("code_directory":"/code/7")"), std::string::npos);
  say(FrameKind::kReady, 0, "");
  EXPECT_EQ(process().samples, 1);
  process().handler->on_memory(11);
  EXPECT_EQ(listener.readies, 1);
  EXPECT_EQ(wires.listeners[0]->handler, nullptr) << "nobody else may connect";
}

TEST_F(HandlerRuntimeTest, ARuntimeFasterThanTheLaunchersWordIsNotForgotten) {
  start();
  peer = wires.accept_at("/run/" + instance->id());
  say(FrameKind::kReady, 0, "");
  process().handler->on_spawned();
  process().handler->on_memory(11);
  EXPECT_EQ(listener.readies, 1);
}

TEST_F(HandlerRuntimeTest, ASecondConnectionIsClosed) {
  connect();
  const auto intruder = wires.accept_at("/run/" + instance->id());
  EXPECT_EQ(intruder->handler, nullptr);
  EXPECT_EQ(intruder->written, "");
}

TEST_F(HandlerRuntimeTest, CredentialsGoOutAtTheSetUpAndAgainWhereTheyAreNew) {
  struct Source final : CredentialSource {
    CredentialsPtr of(FunctionId /*function*/) override { return now; }
    CredentialsPtr now = std::make_shared<http::AccessKey>(http::AccessKey{"STS.1", "s", "t"});
  } source;
  options.place.credentials = &source;
  ProcessWorkers with_credentials{
      options, {time, time.wheel, wires, spawner, sink, ports}, rng.fork("ids")};
  instance = with_credentials.start(function, listener);
  process().handler->on_spawned();
  peer = wires.accept_at("/run/" + instance->id());
  const auto told = [this] {
    const std::vector<Frame> frames = said();
    const std::size_t at = frames.at(0).payload.find("STS.");
    return at == std::string::npos ? "" : frames[0].payload.substr(at, 5);
  };
  EXPECT_EQ(told(), "STS.1");
  say(FrameKind::kReady, 0, "");
  process().handler->on_memory(11);
  const auto call = [&](std::uint64_t number) {
    instance->invoke(attempt_of(call_id(number), ""));
    const std::string credentials = told();
    say(FrameKind::kResult, number, "");
    return credentials;
  };
  EXPECT_EQ(call(1), "");
  source.now = std::make_shared<http::AccessKey>(http::AccessKey{"STS.2", "s", "t"});
  EXPECT_EQ(call(2), "STS.2");
  EXPECT_EQ(call(3), "");
  instance.reset();
}

TEST_F(HandlerRuntimeTest, ACallGoesOutWithItsHeadAndItsResultComesBack) {
  start_ready();
  Attempt attempt = attempt_of(call_id(1), "the event");
  attempt.asynchronous = true;
  attempt.epoch = Epoch::of(1, 2);
  attempt.retry_count = 1;
  attempt.maybe_repeated = true;
  instance->invoke(attempt);
  const std::vector<Frame> frames = said();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].kind, FrameKind::kInvoke);
  const std::string head = R"({"request_id":")" + call_id(1).text() +
                           R"(","qualifier":"","retry_count":1,"attempt":2,"fencing_token":)" +
                           std::to_string(Epoch::of(1, 2).value) + R"(,"maybe_repeated":true})";
  EXPECT_EQ(frames[0].payload.substr(4), head + "the event");
  say(FrameKind::kResult, frames[0].call, "result");
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(listener.replies[0].first, call_id(1));
  EXPECT_EQ(listener.replies[0].second.body, "result");
  EXPECT_EQ(listener.replies[0].second.memory_peak_mb, 11);
}

TEST_F(HandlerRuntimeTest, AnErrorIsUnhandled) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  say(FrameKind::kError, 1, R"({"errorMessage":"no"})");
  EXPECT_EQ(listener.replies[0].second.function_error, FunctionError::kUnhandled);
  EXPECT_EQ(listener.replies[0].second.body, R"({"errorMessage":"no"})");
}

TEST_F(HandlerRuntimeTest, AResultSplitAtEveryByteIsTheSame) {
  start_ready();
  for (std::uint64_t i = 1; i <= 20; ++i) {
    instance->invoke(attempt_of(call_id(i)));
    const std::string bytes = encode_frame(FrameKind::kResult, i, "abcd");
    ASSERT_EQ(bytes.size(), 20U);
    peer->handler->on_bytes(bytes.substr(0, i));
    peer->handler->on_bytes(bytes.substr(i));
    EXPECT_EQ(listener.replies.back().second.body, "abcd");
  }
  EXPECT_EQ(listener.replies.size(), 20U);
}

TEST_F(HandlerRuntimeTest, RepliesTwiceOrToNobodyChangeNothing) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  say(FrameKind::kResult, 77, "nobody");
  say(FrameKind::kResult, 1, "first");
  say(FrameKind::kError, 1, "second");
  EXPECT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(listener.replies[0].second.body, "first");
  EXPECT_TRUE(process().signals.empty());
}

TEST_F(HandlerRuntimeTest, AnswersMayComeInAnyOrder) {
  function->spec.instance_concurrency = 2;
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  instance->invoke(attempt_of(call_id(2)));
  say(FrameKind::kResult, 2, "two");
  say(FrameKind::kResult, 1, "one");
  EXPECT_EQ(listener.replies[0].first, call_id(2));
  EXPECT_EQ(listener.replies[1].first, call_id(1));
}

TEST_F(HandlerRuntimeTest, TheInitializerRunsBeforeReady) {
  function->spec.initializer = "index.init";
  connect();
  say(FrameKind::kReady, 0, "");
  process().handler->on_memory(11);
  EXPECT_EQ(listener.readies, 0);
  const std::vector<Frame> frames = said();
  EXPECT_EQ(frames.back().kind, FrameKind::kInitialize);
  EXPECT_NE(frames.back().payload.find("request_id"), std::string::npos);
  say(FrameKind::kInitialized, 0, "");
  EXPECT_EQ(listener.readies, 1);
}

TEST_F(HandlerRuntimeTest, AFailedInitializerIsTheCallsError) {
  function->spec.initializer = "index.init";
  connect();
  say(FrameKind::kReady, 0, "");
  process().handler->on_memory(11);
  say(FrameKind::kInitialized, 0, R"({"errorMessage":"no database"})");
  instance->invoke(attempt_of(call_id(1)));
  time.next_turn();
  EXPECT_EQ(listener.replies.at(0).second.body, R"({"errorMessage":"no database"})");
}

TEST_F(HandlerRuntimeTest, FramesThatOnlyTheEngineMaySendBreakTheLink) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  say(FrameKind::kInvoke, 1, "");
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
}

TEST_F(HandlerRuntimeTest, NonsenseBreaksTheLinkAndTheCallsInsideDie) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  peer->handler->on_bytes("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
  process().handler->on_exited({0, SIGKILL});
  EXPECT_NE(listener.replies.at(0).second.body.find("exited unexpectedly"), std::string::npos);
}

TEST_F(HandlerRuntimeTest, ASocketClosedByTheFunctionIsTheEndOfTheProcess) {
  start_ready();
  peer->handler->on_eof();
  EXPECT_EQ(peer->handler, nullptr) << "nothing more is sent";
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
  process().handler->on_exited({0, SIGKILL});
  EXPECT_EQ(listener.gones, 1);
}

class UnreadTest : public HandlerRuntimeTest {
 protected:
  // Two calls inside, the second of which is `second` bytes long on the wire.
  void SetUp() override {
    function->spec.instance_concurrency = 2;
    start_ready();
    instance->invoke(attempt_of(call_id(1)));
    const std::size_t before = peer->written.size();
    instance->invoke(attempt_of(call_id(2)));
    second = peer->written.size() - before;
  }
  // The connection ends with so many bytes at the end of all that was sent never read.
  std::vector<bool> began_after(std::size_t never_read) {
    peer->never_read = never_read;
    peer->handler->on_closed(Error{});
    EXPECT_EQ(peer->handler, nullptr) << "nothing may be sent after all";
    process().handler->on_exited({0, SIGKILL});
    std::vector<bool> began;
    for (const auto& [id, reply] : listener.replies) began.push_back(!reply.never_began);
    return began;
  }
  std::size_t second = 0;
};

TEST_F(UnreadTest, AllReadMeansThatBothMayHaveBegun) {
  EXPECT_EQ(began_after(0), (std::vector{true, true}));
}

TEST_F(UnreadTest, AByteUnreadMeansThatTheLastHasNotBegun) {
  EXPECT_EQ(began_after(1), (std::vector{true, false}));
}

TEST_F(UnreadTest, TheWholeLastCallUnreadSaysNothingOfTheOneBefore) {
  EXPECT_EQ(began_after(second), (std::vector{true, false}));
}

TEST_F(UnreadTest, OneByteMoreUnreadMeansThatNeitherHasBegun) {
  EXPECT_EQ(began_after(second + 1), (std::vector{false, false}));
}

TEST_F(HandlerRuntimeTest, AnEndBeforeTheCallHasLeftTheEngineSparesTheCall) {
  start_ready();
  instance->invoke(attempt_of(call_id(1)));
  peer->never_read = peer->written.size();
  peer->handler->on_eof();
  process().handler->on_exited({0, SIGKILL});
  EXPECT_TRUE(listener.replies.at(0).second.never_began);
}

TEST_F(HandlerRuntimeTest, AModuleThatLoadsForeverIsNamedAfter120Seconds) {
  connect();
  time.pass(Seconds{121});
  process().handler->on_exited({0, SIGKILL});
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kFunctionNotStarted);
  EXPECT_NE(listener.gone->error.message.find("'index.handler' was not loaded"), std::string::npos);
}

TEST_F(HandlerRuntimeTest, ASocketThatCannotBeOpenedFailsTheStart) {
  wires.listen_fails = Error{ErrorCode::kInternalServerError, "name too long"};
  start();
  time.next_turn();
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kInternalServerError);
  EXPECT_NE(listener.gone->error.message.find("name too long"), std::string::npos);
  EXPECT_TRUE(spawner.processes.empty());
}

TEST_F(HandlerRuntimeTest, AMissingPythonIsNamed) {
  start();
  process().handler->on_spawn_failed({ENOENT, "exec"});
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kFunctionNotStarted);
  EXPECT_NE(listener.gone->error.message.find("/usr/bin/python3"), std::string::npos);
}

}  // namespace
}  // namespace convoke::test
