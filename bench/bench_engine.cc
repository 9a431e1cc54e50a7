// An engine embedded in a program of its own, with in-process functions: what the engine itself
// costs, and an example of embedding. Deploy functions with runtime `in-process` and these
// handlers: `hello` answers at once; `count` says how often `hello` has run, `latest_start` when it
// last began (CLOCK_MONOTONIC, ns). `timed` takes an event that begins with when it was sent, by
// the same clock; `delays` says of how many since it was last asked, and the p50 and p99 from
// sending to start (us).
//
//   bench_engine LISTEN STATE_DIRECTORY LAUNCHER SHARDS [QUEUE]
//
// QUEUE: asynchronous calls wait on that Redis server, as durable as it is set to be.
//
// Each line of its input, `FUNCTION_PATH CALLERS CALLS BYTES`, has this program itself make so many
// asynchronous calls of that many bytes (Engine::request), with so many callers who ask again when
// they were answered. When all are accepted it says: how many of them were, and the nanoseconds
// that it took; the others were refused.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/convoke.h"

namespace {

using Clock = std::chrono::steady_clock;

Clock::rep now_ns() { return Clock::now().time_since_epoch().count(); }

// What shards' threads saw.
class Delays {
 public:
  void add(Clock::rep ns) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(ns);
  }
  std::string take() {
    std::vector<Clock::rep> seen;
    {
      const std::lock_guard lock(mutex_);
      seen.swap(seen_);
    }
    std::sort(seen.begin(), seen.end());
    const auto at = [&](std::size_t percent) {
      return seen.empty() ? 0.0 : static_cast<double>(seen[seen.size() * percent / 100]) / 1e3;
    };
    return std::to_string(seen.size()) + " " + std::to_string(at(50)) + " " +
           std::to_string(at(99));
  }

 private:
  std::mutex mutex_;
  std::vector<Clock::rep> seen_;
};

struct Seen {
  std::atomic<std::uint64_t> ran{0};
  std::atomic<Clock::rep> latest_start{0};
  Delays delays;
};

std::shared_ptr<convoke::InProcessRegistry> functions(Seen& seen) {
  using convoke::InProcessCall;
  using convoke::InProcessReply;
  auto callables = std::make_shared<convoke::InProcessRegistry>();
  callables->add("hello", [&seen](const InProcessCall&, InProcessReply reply) {
    seen.latest_start.store(now_ns(), std::memory_order_relaxed);
    seen.ran.fetch_add(1, std::memory_order_relaxed);
    reply.succeed("hello");
  });
  callables->add("count", [&seen](const InProcessCall&, InProcessReply reply) {
    reply.succeed(std::to_string(seen.ran.load()));
  });
  callables->add("latest_start", [&seen](const InProcessCall&, InProcessReply reply) {
    reply.succeed(std::to_string(seen.latest_start.load()));
  });
  callables->add("timed", [&seen](const InProcessCall& call, InProcessReply reply) {
    const std::string event(call.event().substr(0, 20));
    seen.delays.add(now_ns() - std::strtoll(event.c_str(), nullptr, 10));
    reply.succeed("");
  });
  callables->add("delays", [&seen](const InProcessCall&, InProcessReply reply) {
    reply.succeed(seen.delays.take());
  });
  return callables;
}

// Callers inside the program: each asks again as soon as it was answered.
class OwnLoad {
 public:
  OwnLoad(convoke::Engine& engine, std::string path, std::size_t calls, std::size_t bytes)
      : engine_(engine), event_(bytes, 'x'), left_(static_cast<std::int64_t>(calls)) {
    head_.method = "POST";
    head_.target = std::move(path);
    head_.headers.add("X-Fc-Invocation-Type", "Async");
  }

  void run(std::size_t callers) {
    open_ = callers;
    for (std::size_t i = 0; i < callers; ++i) ask();
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return open_ == 0; });
  }
  [[nodiscard]] std::size_t accepted() const { return accepted_; }

 private:
  void ask() {
    if (left_.fetch_sub(1) <= 0) return leave();
    const bool asked =
        engine_.request({head_, event_}, [this](const convoke::http::Response& answer) {
          if (answer.status == 202) ++accepted_;
          ask();
        });
    if (!asked) leave();
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    if (--open_ == 0) over_.notify_one();
  }

  convoke::Engine& engine_;
  convoke::http::RequestHead head_;
  const std::string event_;
  std::atomic<std::int64_t> left_;
  std::atomic<std::size_t> accepted_{0};
  std::mutex mutex_;  // guards open_
  std::condition_variable over_;
  std::size_t open_ = 0;
};

void make_calls(convoke::Engine& engine) {
  std::string path;
  std::size_t callers = 0;
  std::size_t calls = 0;
  std::size_t bytes = 0;
  while (std::cin >> path >> callers >> calls >> bytes) {
    OwnLoad load(engine, path, calls, bytes);
    const Clock::rep began = now_ns();
    load.run(callers);
    std::printf("%zu %lld\n", load.accepted(), static_cast<long long>(now_ns() - began));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    std::fprintf(stderr, "usage: bench_engine LISTEN STATE_DIRECTORY LAUNCHER SHARDS [QUEUE]\n");
    return 2;
  }
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);

  auto listen = convoke::Address::parse(argv[1]);
  if (!listen) return std::fprintf(stderr, "%s\n", listen.error().message.c_str()), 2;
  Seen seen;
  convoke::EngineOptions options;
  options.listen = *listen;
  options.state_directory = argv[2];
  options.launcher_program = argv[3];
  options.shards = static_cast<std::uint16_t>(std::atoi(argv[4]));
  options.in_process = functions(seen);
  if (argc == 6) options.queue = argv[5];
  options.queue_durability = "server";
  // Backlogs of ten million calls are measured, and no limit of them.
  options.queue_depth_max = 100'000'000;
  options.function_queue_depth_max = 100'000'000;
  auto engine = convoke::Engine::start(std::move(options));
  if (!engine) return std::fprintf(stderr, "%s\n", engine.error().message.c_str()), 1;
  std::printf("serving http://%s\n", (*engine)->address().text().c_str());
  std::fflush(stdout);
  std::thread calls([&engine] { make_calls(**engine); });
  int received = 0;
  sigwait(&stop, &received);
  calls.detach();  // it waits for a line: nobody stops a program that measures
  (*engine)->drain(convoke::Seconds{2});
}
