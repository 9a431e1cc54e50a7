// An engine that stands still in the midst of a turn, with calls in hand that it has claimed and
// not yet begun: what a debugger, a paused machine or a program's own blocking callable does to it.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "core/convoke.h"
#include "tests/redis_server.h"

namespace convoke {
namespace {

constexpr std::size_t kCalls = 8;
constexpr std::chrono::minutes kPatience{1};  // a test that would wait for ever fails instead

// What two engines' callables did, by event.
class Runs {
 public:
  void begin(const std::string& event, char engine, bool says_maybe_repeated) {
    const std::lock_guard lock(mutex_);
    begun_[event] += engine;
    if (begun_[event].size() > 1 && !says_maybe_repeated) unsaid_ += event + ' ';
    changed_.notify_all();
  }
  // How many begins there were by this engine.
  std::size_t begun_by(char engine) {
    const std::lock_guard lock(mutex_);
    return count(engine);
  }
  // Returns when it has begun so many, or false when the patience is over.
  bool wait_for(char engine, std::size_t many) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return count(engine) >= many; });
  }
  // Events that were begun again without a word of it.
  std::string unsaid() {
    const std::lock_guard lock(mutex_);
    return unsaid_;
  }

 private:
  [[nodiscard]] std::size_t count(char engine) const {
    std::size_t many = 0;
    for (const auto& [event, engines] : begun_)
      many += static_cast<std::size_t>(std::count(engines.begin(), engines.end(), engine));
    return many;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> begun_;  // by whom, in order
  std::string unsaid_;
};

class FrozenTurn : public ::testing::Test {
 protected:
  FrozenTurn() { ::signal(SIGPIPE, SIG_IGN); }

  std::unique_ptr<Engine> start(const std::string& directory, InProcessHandler work) {
    auto handlers = std::make_shared<InProcessRegistry>();
    handlers->add("work", std::move(work));
    EngineOptions options;
    options.listen.port = 0;
    options.state_directory = directory;
    options.launcher_program = CONVOKE_LAUNCHER;
    options.shards = 1;
    options.queue = "unix:" + redis_.socket();
    options.engine_lease = Seconds{1};
    options.in_process = std::move(handlers);
    auto engine = Engine::start(std::move(options));
    EXPECT_TRUE(engine.ok()) << (engine.ok() ? "" : engine.error().message);
    return engine.ok() ? *std::move(engine) : nullptr;
  }

  static std::future<http::Response> ask(Engine& engine, const std::string& method,
                                         const std::string& path, const std::string& body,
                                         bool asynchronous = false) {
    http::Request request;
    request.head.method = method;
    request.head.target = "/2016-08-15/services" + path;
    if (asynchronous) request.head.headers.add("X-Fc-Invocation-Type", "Async");
    request.body = body;
    auto answer = std::make_shared<std::promise<http::Response>>();
    EXPECT_TRUE(engine.request(std::move(request), [answer](http::Response response) {
      answer->set_value(std::move(response));
    }));
    return answer->get_future();
  }
  static int status(std::future<http::Response> answer) {
    return answer.wait_for(kPatience) == std::future_status::ready ? answer.get().status : 0;
  }

  redis::RedisServer redis_;
  TempDir here_;
  TempDir there_;
  Runs runs_;
  std::promise<void> thaw_;
};

// Its first claim is of one call, since a new instance has one place first; its second of the
// others.
TEST_F(FrozenTurn, WhatItHadClaimedAndAnotherHasRunItDoesNotBegin) {
  const std::shared_future<void> thawed = thaw_.get_future().share();
  const auto one =
      start(here_.path(), [&, thawed](const InProcessCall& call, InProcessReply reply) {
        runs_.begin(std::string(call.event()), 'a', call.attempt.maybe_repeated);
        if (runs_.begun_by('a') == 2) thawed.wait_for(kPatience);
        reply.succeed("");
      });
  ASSERT_NE(one, nullptr);
  const std::string limit = "/s/functions/f/on-demand-config";
  ASSERT_EQ(status(ask(*one, "POST", "", R"({"serviceName":"s"})")), 200);
  ASSERT_EQ(status(ask(*one, "POST", "/s/functions",
                       R"({"functionName":"f","runtime":"in-process","handler":"work",)"
                       R"("instanceConcurrency":100})")),
            200);
  ASSERT_EQ(status(ask(*one, "PUT", limit, R"({"maximumInstanceCount":0})")), 200);
  for (std::size_t i = 0; i < kCalls; ++i) {
    const std::string event = "call-" + std::to_string(i);
    ASSERT_EQ(status(ask(*one, "POST", "/s/functions/f/invocations", event, true)), 202);
  }
  std::future<http::Response> lifted = ask(*one, "PUT", limit, R"({"maximumInstanceCount":10})");
  ASSERT_TRUE(runs_.wait_for('a', 2));  // it stands still

  const auto two = start(there_.path(), [&](const InProcessCall& call, InProcessReply reply) {
    runs_.begin(std::string(call.event()), 'b', call.attempt.maybe_repeated);
    reply.succeed("");
  });
  ASSERT_NE(two, nullptr);
  EXPECT_TRUE(runs_.wait_for('b', kCalls - 1)) << "the other does not take them over";
  thaw_.set_value();
  EXPECT_EQ(status(std::move(lifted)), 200);
  EXPECT_EQ(status(ask(*one, "GET", "/s", "")), 200);  // the turn is over

  EXPECT_EQ(runs_.begun_by('a'), 2U);
  EXPECT_EQ(runs_.unsaid(), "");
}

}  // namespace
}  // namespace convoke
