// An engine inside this program, spoken to over its own HTTP, with a function that is a callable
// of the program's: what core/convoke.h promises to those who embed it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/convoke.h"
#include "tests/registry/temp_dir.h"

namespace convoke {
namespace {

// One request on a connection of its own; "" when nobody listens.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // A test that would wait for ever fails instead.
    const timeval patience{60, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  }

  std::string ask(const std::string& path, const std::string& headers, const std::string& body) {
    const std::string request = "POST /2016-08-15/services" + path +
                                " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers +
                                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                                body;
    if (!connected_ || !send_all(request)) return "";
    std::string response;
    std::array<char, 4096> some{};
    for (;;) {
      const ssize_t count = ::recv(socket_.get(), some.data(), some.size(), 0);
      if (count <= 0) return response;
      response.append(some.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  bool send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  OwnedFd socket_;
  bool connected_ = false;
};

std::string status_of(const std::string& response) {
  return response.size() < 12 ? "none" : response.substr(9, 3);
}
std::string body_of(const std::string& response) {
  const std::size_t end_of_head = response.find("\r\n\r\n");
  return end_of_head == std::string::npos ? "" : response.substr(end_of_head + 4);
}

class Embedded : public ::testing::Test {
 protected:
  Embedded() {
    ::signal(SIGPIPE, SIG_IGN);
    auto handlers = std::make_shared<InProcessRegistry>();
    handlers->add("greet", [this](const InProcessCall& call, InProcessReply reply) {
      ++ran_;
      reply.succeed("hello, " + std::string(call.event()));
    });
    handlers_ = handlers;
    start();
  }

  void start() {
    EngineOptions options;
    options.listen.port = 0;
    options.state_directory = directory_.path();
    options.launcher_program = CONVOKE_LAUNCHER;
    options.shards = 2;
    options.in_process = handlers_;
    auto engine = Engine::start(std::move(options));
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    engine_ = *std::move(engine);
  }

  std::string post(const std::string& path, const std::string& headers, const std::string& body) {
    return Client(engine_->address().port).ask(path, headers, body);
  }
  void create_function() {
    ASSERT_EQ(status_of(post("", "", R"({"serviceName":"s"})")), "200");
    const std::string made = post("/s/functions", "", kGreeter);
    ASSERT_EQ(status_of(made), "200") << made;
  }
  std::string call(const std::string& headers, const std::string& event) {
    return post("/s/functions/f/invocations", headers, event);
  }

  static http::Request own(const std::string& path, const std::string& type,
                           const std::string& body) {
    http::Request request;
    request.head.method = "POST";
    request.head.target = "/2016-08-15/services" + path;
    if (!type.empty()) request.head.headers.add("X-Fc-Invocation-Type", type);
    request.body = body;
    return request;
  }
  http::Response ask(const std::string& path, const std::string& type, const std::string& body) {
    std::promise<http::Response> answer;
    EXPECT_TRUE(engine_->request(own(path, type, body), [&answer](http::Response response) {
      answer.set_value(std::move(response));
    }));
    return answer.get_future().get();
  }

  static constexpr const char* kGreeter =
      R"({"functionName":"f","runtime":"in-process","handler":"greet"})";
  std::atomic<int> ran_{0};
  std::shared_ptr<const InProcessRegistry> handlers_;
  TempDir directory_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(Embedded, SaysWhereItServes) {
  EXPECT_NE(engine_->address().port, 0);
  EXPECT_EQ(engine_->shards(), 2);
}

TEST_F(Embedded, AHandlerThatTheProgramDoesNotHaveIsRefused) {
  ASSERT_EQ(status_of(post("", "", R"({"serviceName":"s"})")), "200");
  const std::string made = post(
      "/s/functions", "", R"({"functionName":"f","runtime":"in-process","handler":"missing"})");
  EXPECT_EQ(status_of(made), "400");
  EXPECT_NE(made.find("missing"), std::string::npos) << made;
}

TEST_F(Embedded, ASynchronousCallIsAnsweredByTheProgramsHandler) {
  create_function();
  const std::string answer = call("", "world");
  EXPECT_EQ(status_of(answer), "200") << answer;
  EXPECT_EQ(body_of(answer), "hello, world");
  EXPECT_EQ(ran_, 1);
}

TEST_F(Embedded, TheEndOfAnAcceptedCallCanBeWaitedFor) {
  create_function();
  const std::string answer =
      call("X-Fc-Invocation-Type: Async\r\nPrefer: wait=60\r\n", "whoever waits");
  EXPECT_EQ(status_of(answer), "200") << answer;
  EXPECT_EQ(body_of(answer), "hello, whoever waits");
  EXPECT_NE(answer.find("Preference-Applied: wait=60\r\n"), std::string::npos) << answer;
  EXPECT_EQ(ran_, 1);
}

TEST_F(Embedded, DrainedWithNothingToDoItCutsNothingAndServesNobody) {
  create_function();
  EXPECT_EQ(status_of(call("", "world")), "200");
  EXPECT_EQ(engine_->drain(Seconds{60}).calls, 0U);
  EXPECT_EQ(call("", "nobody"), "");
  EXPECT_EQ(ran_, 1);
}

TEST_F(Embedded, TheProgramItselfAsksWithoutASocket) {
  EXPECT_EQ(ask("", "", R"({"serviceName":"s"})").status, 200);
  EXPECT_EQ(ask("/s/functions", "", kGreeter).status, 200);
  const http::Response answer = ask("/s/functions/f/invocations", "Sync", "program");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello, program");
  EXPECT_EQ(ask("/s/functions/f/invocations", "Async", "later").status, 202);
}

TEST_F(Embedded, TheProgramsRequestsAreRefusedAsThoseOfOthersAre) {
  create_function();
  EXPECT_EQ(ask("/s/functions/none/invocations", "Sync", "").status, 404);
  EXPECT_EQ(ask("/s/nonsense", "", "").status, 400);
  const std::string large(kAsyncEventBytesMax + 1, 'x');
  const http::Response refused = ask("/s/functions/f/invocations", "Async", large);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("EntityTooLarge"), std::string::npos) << refused.body;
  engine_->drain(Seconds{60});
  EXPECT_EQ(ask("/s/functions/f/invocations", "Sync", "late").status, 503);
}

TEST_F(Embedded, EachRequestOfManyThreadsIsAnsweredOnceAlsoByAnEngineThatEnds) {
  create_function();
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::vector<std::atomic<int>> answers(kThreads * kEach);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &answers] {
      for (int i = 0; i < kEach; ++i) {
        auto& answer = answers[static_cast<std::size_t>(thread * kEach + i)];
        EXPECT_TRUE(engine_->request(own("/s/functions/f/invocations", "Sync", "x"),
                                     [&answer](const http::Response&) { ++answer; }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  engine_.reset();
  for (const std::atomic<int>& answer : answers) EXPECT_EQ(answer, 1);
}

TEST_F(Embedded, WhoAsksAgainFromItsLastAnswerIsToldThatItIsOver) {
  create_function();
  std::atomic<int> refused{0};
  std::function<void(const http::Response&)> again;
  again = [engine = engine_.get(), &again, &refused](const http::Response&) {
    if (!engine->request(own("/s/functions/f/invocations", "Sync", "x"), again)) ++refused;
  };
  constexpr int kCallers = 50;
  for (int i = 0; i < kCallers; ++i) again({});
  engine_.reset();
  EXPECT_EQ(refused, kCallers);
}

TEST_F(Embedded, AnotherServesFromTheSameStateAfterIt) {
  create_function();
  engine_.reset();  // at once, without a drain
  start();
  EXPECT_EQ(body_of(call("", "again")), "hello, again");
}

}  // namespace
}  // namespace convoke
