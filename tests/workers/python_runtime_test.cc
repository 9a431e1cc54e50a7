// The python3 runtime, run for real: the test is the engine's end of its socket.
#include "workers/python_runtime.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/workers/fakes.h"
#include "workers/frames.h"
#include "workers/http_frames.h"

namespace convoke::test {
namespace {

namespace fs = std::filesystem;

constexpr int kPatienceMs = 60'000;  // a machine under load; never waited for in full

class PythonRuntimeTest : public testing::Test {
 protected:
  void SetUp() override {
    directory = temporary_directory();
    ASSERT_TRUE(write_python_runtime(directory + "/python.py").ok());
    fs::create_directory(directory + "/code");
  }
  void TearDown() override {
    if (connection >= 0) ::close(connection);
    if (listener >= 0) ::close(listener);
    if (process > 0) {
      ::kill(process, SIGKILL);
      ::waitpid(process, nullptr, 0);
    }
    fs::remove_all(directory);
  }

  void start(const std::string& module, const std::string& more_setup = "",
             const std::string& handler = "index.handler") {
    std::ofstream(directory + "/code/index.py") << module;
    listen();
    spawn();
    ASSERT_TRUE(can_read(listener));
    connection = ::accept(listener, nullptr, nullptr);
    ASSERT_GE(connection, 0);
    send(encode_frame(
        FrameKind::kSetup, 0,
        R"({"code_directory":")" + directory + R"(/code","handler":")" + handler +
            R"(","region":"local","account_id":"1234","reply_bytes_max":1000000,)"
            R"("function":{"name":"resize","memory":128,"timeout":3,"initialization_timeout":30},)"
            R"("service":{"name":"shop"})" +
            (more_setup.empty() ? R"(,"concurrency":1,"initializer":""})" : more_setup + "}")));
    const std::optional<Frame> ready = receive();
    ASSERT_TRUE(ready.has_value());
    ASSERT_EQ(ready->kind, FrameKind::kReady);
  }

  void invoke(std::uint64_t call, const std::string& event) {
    const std::string head =
        R"({"request_id":")" + call_id(call).text() +
        R"(","qualifier":"LATEST","retry_count":2,"attempt":3,"fencing_token":9,"maybe_repeated":true})";
    send(encode_invoke(call, head, event));
  }
  Frame answer_to(const std::string& event) {
    invoke(++calls, event);
    std::optional<Frame> frame = receive();
    EXPECT_TRUE(frame.has_value());
    if (!frame.has_value()) return {};
    EXPECT_EQ(frame->call, calls);
    return std::move(*frame);
  }

  void send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      ASSERT_GT(n, 0);
      sent += static_cast<std::size_t>(n);
    }
  }
  // nullopt: the runtime has closed the connection.
  std::optional<Frame> receive() {
    for (;;) {
      std::string_view bytes = unread;
      std::optional<Frame> frame = reader.next(bytes);
      unread.erase(0, unread.size() - bytes.size());
      if (frame.has_value()) return frame;
      char buffer[65536];
      if (!can_read(connection)) return std::nullopt;
      const ssize_t n = ::recv(connection, buffer, sizeof buffer, 0);
      if (n <= 0) return std::nullopt;
      unread.assign(buffer, static_cast<std::size_t>(n));
    }
  }
  int wait_for_exit() {
    int status = 0;
    EXPECT_EQ(::waitpid(process, &status, 0), process);
    process = -1;
    return status;
  }
  [[nodiscard]] std::string output() const {
    std::ifstream file(directory + "/output");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  std::string directory;
  std::uint64_t calls = 0;
  int connection = -1;
  pid_t process = -1;

 private:
  static bool can_read(int descriptor) {
    pollfd poll{descriptor, POLLIN, 0};
    return ::poll(&poll, 1, kPatienceMs) == 1;
  }
  void listen() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (directory + "/s").c_str(), sizeof address.sun_path - 1);
    listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener, 1), 0);
  }
  void spawn() {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, (directory + "/output").c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    std::vector<std::string> words = {"/usr/bin/python3", "-s", directory + "/python.py",
                                      directory + "/s"};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ASSERT_EQ(posix_spawn(&process, words[0].c_str(), &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }

  int listener = -1;
  FrameReader reader;
  std::string unread;
};

TEST_F(PythonRuntimeTest, AnEventIsBytesAndTheResultComesBack) {
  start(R"(
def handler(event, context):
    assert isinstance(event, bytes)
    return event[::-1]
)");
  const Frame frame = answer_to(std::string("a\0b", 3));
  EXPECT_EQ(frame.kind, FrameKind::kResult);
  EXPECT_EQ(frame.payload, std::string("b\0a", 3));
  EXPECT_EQ(answer_to("").payload, "");
}

TEST_F(PythonRuntimeTest, AResultMayBeBytesStringOrWhatJsonCanSay) {
  start("def handler(event, context):\n    return eval(event)\n");
  EXPECT_EQ(answer_to("b'raw\\xff'").payload, "raw\xff");
  EXPECT_EQ(answer_to("bytearray(b'x')").payload, "x");
  EXPECT_EQ(answer_to("'gr\\u00fc\\u00df'").payload, "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(answer_to("{'a': [1, None]}").payload, R"({"a": [1, null]})");
  EXPECT_EQ(answer_to("2").payload, "2");
  EXPECT_EQ(answer_to("None").payload, "null");
  const Frame bad = answer_to("object()");
  EXPECT_EQ(bad.kind, FrameKind::kError);
  EXPECT_NE(bad.payload.find(R"("errorType": "TypeError")"), std::string::npos);
}

constexpr const char* kWsgi = R"(
def handler(environ, start_response):
    body = environ["wsgi.input"].read()
    if body == b"raise":
        raise ValueError("as asked")
    start_response("202 Accepted", [("X-A", environ["HTTP_X_MANY"]), ("Set-Cookie", "a"), ("Set-Cookie", "b")])
    said = [environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], environ["CONTENT_LENGTH"],
            environ["CONTENT_TYPE"], environ["fc.request_uri"], environ["fc.context"].function.name]
    return [" ".join(said).encode(), b"|", body]
)";

TEST_F(PythonRuntimeTest, ARequestThroughAnHttpTriggerIsAWsgiCall) {
  start(kWsgi);
  http::RequestHead head{"POST", "/2016-08-15/proxy/s/f/a%20b/c?aaa&a=1", {}};
  head.headers.add("x-fc-base-path", "/2016-08-15/proxy/s/f");
  head.headers.add("X-Many", "1");
  head.headers.add("x-many", "2");
  head.headers.add("Content-Type", "text/plain");
  const auto ask = [&](std::uint64_t call, const std::string& body) {
    send(encode_invoke(call, R"({"request_id":"r","http":true})", http_event(head, body)));
    return receive();
  };
  const std::optional<Frame> frame = ask(1, "body");
  ASSERT_TRUE(frame);
  ASSERT_EQ(frame->kind, FrameKind::kResult) << frame->payload;
  const Result<http::Response> answer = read_http_answer(frame->payload);
  ASSERT_TRUE(answer) << frame->payload;
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(answer->headers.get("x-a"), "1,2");
  EXPECT_EQ(answer->headers.size(), 3U);
  EXPECT_EQ(answer->body,
            "POST /a b/c aaa=&a=1 4 text/plain /2016-08-15/proxy/s/f/a%20b/c?aaa&a=1 resize|body");
  const std::optional<Frame> failed = ask(2, "raise");
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, FrameKind::kError);
  EXPECT_NE(failed->payload.find("as asked"), std::string::npos);
}

TEST_F(PythonRuntimeTest, TheContextIsTheContracts) {
  start(R"(
def handler(event, context):
    f, s, c = context.function, context.service, context.credentials
    return [context.request_id, f.name, f.handler, f.memory, f.timeout, f.initializer,
            f.initialization_timeout, s.name, s.log_project, s.log_store, s.qualifier,
            s.version_id, c.access_key_id, c.access_key_secret, c.security_token, context.region,
            context.account_id, context.retry_count, context.tracing.span_context,
            context.tracing.span_baggages, context.tracing.jaeger_endpoint, context.attempt,
            context.fencing_token, context.maybe_repeated]
)");
  EXPECT_EQ(answer_to("").payload,
            R"([")" + call_id(1).text() +
                R"(", "resize", "index.handler", 128, 3, "", 30, "shop", "", "", "LATEST", )"
                R"("LATEST", "", "", "", "local", "1234", 2, "", {}, "", 3, 9, true])");
}

TEST_F(PythonRuntimeTest, TheContextHoldsTheCredentialsThatWereToldLast) {
  const auto told = [](const char* id) {
    return std::string(R"("credentials":{"access_key_id":")") + id +
           R"(","access_key_secret":"secret","security_token":"token"})";
  };
  start(R"(
def handler(event, context):
    c = context.credentials
    return [c.access_key_id, c.access_key_secret, c.security_token]
)",
        R"(,"concurrency":1,"initializer":"",)" + told("STS.1"));
  EXPECT_EQ(answer_to("").payload, R"(["STS.1", "secret", "token"])");
  send(encode_invoke(++calls, R"({"request_id":"1",)" + told("STS.2") + "}", ""));
  EXPECT_EQ(receive()->payload, R"(["STS.2", "secret", "token"])");
  EXPECT_EQ(answer_to("").payload, R"(["STS.2", "secret", "token"])");
}

TEST_F(PythonRuntimeTest, AnExceptionIsAnErrorWithTheUsersStack) {
  start("def handler(event, context):\n    raise ValueError('no luck')\n");
  const Frame frame = answer_to("");
  EXPECT_EQ(frame.kind, FrameKind::kError);
  EXPECT_EQ(frame.payload,
            R"({"errorMessage": "no luck", "errorType": "ValueError", "stackTrace": )"
            R"([["File \")" +
                directory +
                R"x(/code/index.py\"", "line 2", "in handler", "raise ValueError('no luck')"]]})x");
  EXPECT_EQ(answer_to("").kind, FrameKind::kError) << "the process goes on";
  const std::string out = output();
  EXPECT_NE(out.find("ValueError: no luck"), std::string::npos);
  EXPECT_NE(out.find("FC Invoke End RequestId: " + call_id(1).text() +
                     ", Error: Unhandled function error\n"),
            std::string::npos)
      << out;
  EXPECT_EQ(out.find("python.py"), std::string::npos) << "frames of the runtime concern nobody";
}

TEST_F(PythonRuntimeTest, AnErrorWhoseTextFailsIsStillAnError) {
  start(R"(
class Odd(Exception):
    def __str__(self):
        raise RuntimeError("odd")
def handler(event, context):
    raise Odd()
)");
  EXPECT_NE(answer_to("").payload.find(R"("errorType": "Odd")"), std::string::npos);
  EXPECT_EQ(answer_to("").kind, FrameKind::kError);
}

TEST_F(PythonRuntimeTest, AMissingModuleIsNamedInEachCallsError) {
  start("", "", "nowhere.handler");
  for (int i = 0; i < 2; ++i) {
    const Frame frame = answer_to("");
    EXPECT_EQ(frame.kind, FrameKind::kError);
    EXPECT_NE(frame.payload.find("Unable to import module 'nowhere'"), std::string::npos);
  }
}

TEST_F(PythonRuntimeTest, AMissingFunctionIsNamedInEachCallsError) {
  start("x = 1\n", "", "index.absent");
  EXPECT_NE(answer_to("").payload.find("Handler 'absent' is missing on module 'index'"),
            std::string::npos);
}

TEST_F(PythonRuntimeTest, AHandlerThatIsNoFunctionIsMissing) {
  start("handler = 1\n");
  EXPECT_NE(answer_to("").payload.find("HandlerNotFound"), std::string::npos);
}

TEST_F(PythonRuntimeTest, AHandlerNameWithoutADotIsExplained) {
  start("", "", "handler");
  EXPECT_NE(answer_to("").payload.find("'handler' is not of the form 'module.function'"),
            std::string::npos);
}

TEST_F(PythonRuntimeTest, AnImportErrorIsTheErrorOfEachCall) {
  start("import nowhere_at_all\n");
  EXPECT_NE(answer_to("").payload.find(
                "Unable to import module 'index': No module named 'nowhere_at_all'"),
            std::string::npos);
}

TEST_F(PythonRuntimeTest, ASyntaxErrorIsTheErrorOfEachCall) {
  start("def handler(:\n");
  EXPECT_NE(answer_to("").payload.find(R"("errorType": "SyntaxError")"), std::string::npos);
}

TEST_F(PythonRuntimeTest, AModuleThatLeavesDuringItsImportIsTheErrorOfEachCall) {
  start("import sys\nsys.exit(3)\n");
  EXPECT_NE(answer_to("").payload.find(R"("errorType": "SystemExit")"), std::string::npos);
}

TEST_F(PythonRuntimeTest, AModuleInAFolderIsFound) {
  fs::create_directory(directory + "/code/app");
  std::ofstream(directory + "/code/app/main.py") << "def run(event, context): return 'in'\n";
  start("", "", "app/main.run");
  EXPECT_EQ(answer_to("").payload, "in");
}

TEST_F(PythonRuntimeTest, LeavingInsideACallEndsTheProcess) {
  start("import sys\ndef handler(event, context):\n    print('bye', end='')\n    sys.exit(3)\n");
  invoke(1, "");
  EXPECT_FALSE(receive().has_value());
  EXPECT_EQ(WEXITSTATUS(wait_for_exit()), 3);
  EXPECT_NE(output().find("bye"), std::string::npos) << "what it printed is not lost";
}

constexpr const char* kCounter = R"(
count = 0
def init(context):
    global count
    count += 10
    print("init", context.request_id)
    return object()
def bad(context):
    raise OSError("no database")
def handler(event, context):
    global count
    count += 1
    return count
)";

TEST_F(PythonRuntimeTest, TheInitializerRunsOnceWithItsContext) {
  start(kCounter, R"(,"concurrency":1,"initializer":"index.init")");
  send(encode_frame(FrameKind::kInitialize, 0, R"({"request_id":"ID"})"));
  const std::optional<Frame> frame = receive();
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->kind, FrameKind::kInitialized);
  EXPECT_EQ(frame->payload, "");
  EXPECT_EQ(answer_to("").payload, "11");
  EXPECT_EQ(answer_to("").payload, "12");
  EXPECT_TRUE(output().starts_with(
      "FC Initialize Start RequestId: ID\ninit ID\nFC Initialize End RequestId: ID\n"))
      << output();
}

TEST_F(PythonRuntimeTest, AFailedInitializerSaysWhy) {
  start(kCounter, R"(,"concurrency":1,"initializer":"index.bad")");
  send(encode_frame(FrameKind::kInitialize, 0, R"({"request_id":"ID"})"));
  EXPECT_NE(receive()->payload.find(R"("errorMessage": "no database")"), std::string::npos);
}

TEST_F(PythonRuntimeTest, AMissingInitializerSaysSo) {
  start(kCounter, R"(,"concurrency":1,"initializer":"index.absent")");
  send(encode_frame(FrameKind::kInitialize, 0, R"({"request_id":"ID"})"));
  EXPECT_NE(receive()->payload.find("Initializer 'absent' is missing"), std::string::npos);
}

TEST_F(PythonRuntimeTest, OutputStandsBetweenItsCallsStartAndEndBeforeTheAnswer) {
  start(R"(
import sys
def handler(event, context):
    print("on stdout", end="")
    sys.stderr.write("\non stderr\n")
    context.logger.info("logged")
    context.logger.debug("not logged")
)");
  (void)answer_to("");
  const std::string out = output();
  const std::string id = call_id(1).text();
  EXPECT_TRUE(out.starts_with("FC Invoke Start RequestId: " + id + "\n")) << out;
  EXPECT_TRUE(out.ends_with("FC Invoke End RequestId: " + id + "\n")) << out;
  EXPECT_NE(out.find("on stdout"), std::string::npos);
  EXPECT_NE(out.find("on stderr\n"), std::string::npos);
  EXPECT_EQ(out.find("not logged"), std::string::npos);
  const std::size_t line = out.find(" " + id + " [INFO] logged\n");
  ASSERT_NE(line, std::string::npos) << out;
  const std::string time = out.substr(line - 19, 19);  // 2023-10-23 15:43:19
  EXPECT_EQ(time[4], '-');
  EXPECT_EQ(time[10], ' ');
  EXPECT_EQ(time[13], ':');
}

TEST_F(PythonRuntimeTest, AFunctionThatClosesStdoutIsStillAnswered) {
  start("import sys\ndef handler(event, context):\n    sys.stdout.close()\n    return 'ok'\n");
  EXPECT_EQ(answer_to("").payload, "ok");
}

TEST_F(PythonRuntimeTest, AResultBeyondTheLimitIsAnErrorThatNamesIt) {
  start("def handler(event, context):\n    return b'x' * int(event)\n");
  EXPECT_EQ(answer_to("1000000").payload.size(), 1'000'000U);
  const Frame frame = answer_to("1000001");
  EXPECT_EQ(frame.kind, FrameKind::kError);
  EXPECT_NE(frame.payload.find("1000001 bytes; at most 1000000"), std::string::npos);
}

TEST_F(PythonRuntimeTest, SeveralCallsRunAtOnceWhereTheFunctionAllowsIt) {
  start(R"(
import threading
barrier = threading.Barrier(3)
def handler(event, context):
    barrier.wait(60)
    return [event.decode(), context.request_id]
)",
        R"(,"concurrency":3,"initializer":"")");
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 1; i <= 3; ++i) invoke(i, std::to_string(i));
    std::vector<bool> seen(4);
    for (int i = 0; i < 3; ++i) {
      const std::optional<Frame> frame = receive();
      ASSERT_TRUE(frame.has_value());
      EXPECT_EQ(frame->payload, "[\"" + std::to_string(frame->call) + "\", \"" +
                                    call_id(frame->call).text() + "\"]");
      seen.at(frame->call) = true;
    }
    EXPECT_TRUE(seen[1] && seen[2] && seen[3]);
  }
}

TEST_F(PythonRuntimeTest, TheLoggerNamesItsOwnCallWhenSeveralRun) {
  start(R"(
import threading
barrier = threading.Barrier(2)
def handler(event, context):
    barrier.wait(60)
    context.logger.warning(event.decode())
)",
        R"(,"concurrency":2,"initializer":"")");
  invoke(1, "from one");
  invoke(2, "from two");
  ASSERT_TRUE(receive().has_value());
  ASSERT_TRUE(receive().has_value());
  EXPECT_NE(output().find(call_id(1).text() + " [WARNING] from one"), std::string::npos);
  EXPECT_NE(output().find(call_id(2).text() + " [WARNING] from two"), std::string::npos);
}

TEST_F(PythonRuntimeTest, EndsWhenTheEngineHasGone) {
  start("def handler(event, context): pass\n");
  ::close(std::exchange(connection, -1));
  EXPECT_EQ(WEXITSTATUS(wait_for_exit()), 0);
}

}  // namespace
}  // namespace convoke::test
