// Whole instances: a real launcher, loop, sockets and processes. Each bootstrap is a small program.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include "core/loop/launcher_process.h"
#include "core/loop/loop.h"
#include "core/loop/spawner.h"
#include "core/loop/wires.h"
#include "tests/workers/fakes.h"
#include "workers/process_workers.h"
#include "workers/python_runtime.h"

namespace convoke::test {
namespace {

namespace fs = std::filesystem;

constexpr Seconds kPatience{60};  // a machine under load; never waited for in full

// An HTTP server that does what the event says.
constexpr const char* kServer = R"(#!/usr/bin/python3
import os, signal, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        event = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if event == "die":
            print("dying", flush=True)
            os._exit(1)
        if event == "ignore SIGTERM":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if event == "hang":
            time.sleep(1000)
        print("event", event, flush=True)
        body = (self.path + " " + self.headers["x-fc-request-id"] + " " + event).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if event == "fail":
            self.send_header("x-fc-status", "404")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
HTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
)";

class RealInstanceTest : public testing::Test {
 protected:
  RealInstanceTest() : directory(temporary_directory()) {
    function->code.directory = directory + "/code";
    fs::create_directory(function->code.directory);
    EXPECT_TRUE(write_python_runtime(directory + "/python.py").ok());
    Result<std::unique_ptr<LauncherProcess>> started = LauncherProcess::start(CONVOKE_LAUNCHER, 1);
    EXPECT_TRUE(started.ok());
    launcher = std::move(started).value();
    spawner.emplace(loop, *launcher, ShardIndex{0});
    ports.emplace(PortRange{20'000, 29'999}, rng);
    workers.emplace(ProcessOptions{{}, {"/usr/bin/python3", directory + "/python.py", directory}},
                    ProcessEdge{loop, loop.timers(), wires, *spawner, sink, *ports},
                    rng.fork("ids"));
  }
  ~RealInstanceTest() override {
    instance.reset();
    fs::remove_all(directory);
  }

  void write_bootstrap(const std::string& text, mode_t mode = 0755) const {
    const std::string path = function->code.directory + "/bootstrap";
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }
  void write_server(const std::string& port = R"(int(os.environ["FC_SERVER_PORT"]))") const {
    std::string text = kServer;
    text.replace(text.find("PORT)"), 4, port);
    write_bootstrap(text);
  }
  void write_module(const std::string& text) {
    function->spec.runtime = Runtime::kPython3;
    std::ofstream(function->code.directory + "/index.py") << text;
  }

  bool run_until(const std::function<bool()>& done) {
    bool late = false;
    Timer limit(&late, [](void* flag) { *static_cast<bool*>(flag) = true; });
    loop.timers().schedule(limit, loop.now() + kPatience);
    while (!done() && !late) loop.run_one_turn();
    return done();
  }
  void start() { instance = workers->start(function, listener); }
  void start_ready() {
    start();
    ASSERT_TRUE(run_until([this] { return listener.readies > 0 || listener.gones > 0; }));
    ASSERT_EQ(listener.readies, 1) << listener.gone->error.message;
  }
  Error start_failure() {
    start();
    EXPECT_TRUE(run_until([this] { return listener.gones > 0; }));
    EXPECT_EQ(listener.gone->reason, GoneReason::kStartFailed);
    return listener.gone->error;
  }
  const Reply& call(const std::string& event) {
    const std::size_t before = listener.replies.size();
    Attempt attempt = attempt_of(call_id(++calls), event);
    attempt.wants_log_tail = true;
    instance->invoke(attempt);
    EXPECT_TRUE(run_until([&] { return listener.replies.size() > before; }));
    return listener.replies.back().second;
  }
  bool wait_until_gone() {
    return run_until([this] { return listener.gones > 0; });
  }

  const std::string directory;
  std::shared_ptr<Function> function = a_function(Runtime::kCustom);
  RecordingSink sink;
  RecordingListener listener;
  Rng rng = Rng::seeded(static_cast<std::uint64_t>(::getpid()));
  std::unique_ptr<LauncherProcess> launcher;
  Loop loop;
  LoopWires wires{loop};
  std::optional<LoopSpawner> spawner;
  std::optional<PortPool> ports;
  std::optional<ProcessWorkers> workers;
  std::unique_ptr<Instance> instance;
  std::uint64_t calls = 0;
};

TEST_F(RealInstanceTest, ACustomRuntimeServesCallAfterCallAndStops) {
  write_server();
  start_ready();
  EXPECT_GT(instance->memory_peak_mb(), 1);
  for (int i = 0; i < 3; ++i) {
    const Reply& reply = call("hello");
    EXPECT_EQ(reply.body, "/invoke " + call_id(calls).text() + " hello");
    EXPECT_EQ(reply.function_error, FunctionError::kNone);
    EXPECT_EQ(reply.log_tail, "event hello\n");
  }
  EXPECT_EQ(call("fail").function_error, FunctionError::kUnhandled);
  instance->stop(StopHow::kGraceful);
  ASSERT_TRUE(wait_until_gone());
  EXPECT_EQ(listener.gone->reason, GoneReason::kStopped);
}

TEST_F(RealInstanceTest, ACustomRuntimeThatDiesMidCallIsSaidToHaveExited) {
  write_server();
  start_ready();
  const Reply& reply = call("die");
  EXPECT_NE(reply.body.find("Process exited unexpectedly"), std::string::npos) << reply.body;
  EXPECT_EQ(reply.function_error, FunctionError::kUnhandled);
  EXPECT_EQ(reply.log_tail, "dying\n");
  ASSERT_TRUE(wait_until_gone());
  EXPECT_EQ(listener.gone->reason, GoneReason::kExited);
}

TEST_F(RealInstanceTest, OneThatIgnoresSigtermIsKilledAllTheSame) {
  write_server();
  start_ready();
  (void)call("ignore SIGTERM");
  instance->invoke(attempt_of(call_id(50), "hang"));
  instance->stop(StopHow::kGraceful);
  ASSERT_TRUE(wait_until_gone());
  EXPECT_EQ(listener.gone->reason, GoneReason::kStopped);
  ASSERT_TRUE(listener.replies.back().second.system_error.has_value());
  EXPECT_EQ(listener.replies.back().second.system_error->code, ErrorCode::kServiceUnavailable);
}

TEST_F(RealInstanceTest, ABootstrapThatIgnoresItsPortIsToldSo) {
  write_server("0");  // any other port
  const Error error = start_failure();
  EXPECT_EQ(error.code, ErrorCode::kFunctionNotStarted);
  EXPECT_NE(error.message.find("ignores FC_SERVER_PORT"), std::string::npos) << error.message;
}

TEST_F(RealInstanceTest, BootstrapsThatCannotRunAreNamed) {
  EXPECT_EQ(start_failure().code, ErrorCode::kCaFileNotFound);
}

TEST_F(RealInstanceTest, ABootstrapWithoutExecuteBitIsNamed) {
  write_bootstrap("#!/bin/sh\n", 0644);
  EXPECT_EQ(start_failure().code, ErrorCode::kCaFilePermission);
}

TEST_F(RealInstanceTest, ABootstrapThatIsNoProgramIsNamed) {
  write_bootstrap("neither a script nor a binary\n");
  const Error error = start_failure();
  EXPECT_EQ(error.code, ErrorCode::kCaExited);
  EXPECT_NE(error.message.find("exec format error"), std::string::npos) << error.message;
}

TEST_F(RealInstanceTest, ABootstrapWhoseInterpreterIsMissingIsNamed) {
  write_bootstrap("#!/no/such/interpreter\n");
  const Error error = start_failure();
  EXPECT_EQ(error.code, ErrorCode::kCaFileNotFound);
  EXPECT_NE(error.message.find("interpreter"), std::string::npos) << error.message;
}

TEST_F(RealInstanceTest, ABootstrapThatExitsIsNamedWithItsLog) {
  write_bootstrap("#!/bin/sh\necho cannot go on >&2\nexit 3\n");
  const Error error = start_failure();
  EXPECT_EQ(error.code, ErrorCode::kCaExited);
  EXPECT_NE(error.message.find("exit status 3 Logs : cannot go on"), std::string::npos)
      << error.message;
}

TEST_F(RealInstanceTest, TheEnvironmentOfAnInstanceHasNothingOfTheEngines) {
  ::setenv("CONVOKE_SECRET_OF_THE_ENGINE", "1", 1);
  write_bootstrap("#!/bin/sh\n/usr/bin/env\n");
  (void)start_failure();
  std::string all;
  for (const RecordingSink::Line& line : sink.lines) all += line.text + '\n';
  EXPECT_NE(all.find("FC_SERVER_PORT="), std::string::npos);
  EXPECT_EQ(all.find("CONVOKE"), std::string::npos) << all;
}

TEST_F(RealInstanceTest, APython3HandlerServesCallsWithItsLogTail) {
  write_module("def handler(event, context):\n    print('got', event)\n    return event.upper()\n");
  start_ready();
  for (int i = 0; i < 3; ++i) {
    const Reply& reply = call("abc");
    const std::string id = call_id(calls).text();
    EXPECT_EQ(reply.body, "ABC");
    EXPECT_GT(reply.memory_peak_mb, 1);
    EXPECT_EQ(reply.log_tail, "FC Invoke Start RequestId: " + id + "\ngot b'abc'\n" +
                                  "FC Invoke End RequestId: " + id + "\n");
  }
}

TEST_F(RealInstanceTest, APython3HandlerThatDiesMidCallIsSaidToHaveExited) {
  write_module("import os\ndef handler(event, context):\n    os._exit(1)\n");
  start_ready();
  EXPECT_NE(call("").body.find("Process exited unexpectedly"), std::string::npos);
  EXPECT_TRUE(wait_until_gone());
}

TEST_F(RealInstanceTest, APython3FunctionWithoutItsModuleAnswersWithAnErrorThatNamesIt) {
  write_module("");
  function->spec.handler = "absent.handler";
  start_ready();
  EXPECT_NE(call("").body.find("Unable to import module 'absent'"), std::string::npos);
  EXPECT_NE(call("").body.find("Unable to import module 'absent'"), std::string::npos);
}

TEST_F(RealInstanceTest, LargeEventsAndResultsPassWhole) {
  write_module("def handler(event, context):\n    return event\n");
  start_ready();
  const std::string large(8UL << 20, 'x');
  EXPECT_EQ(call(large).body, large);
}

TEST_F(RealInstanceTest, DestroyingAnInstanceLeavesNoSocketFile) {
  write_module("def handler(event, context):\n    return event\n");
  start_ready();
  EXPECT_FALSE(fs::exists(directory + "/" + instance->id())) << "closed once connected";
  instance.reset();
}

}  // namespace
}  // namespace convoke::test
