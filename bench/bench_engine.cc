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
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
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
  auto engine = convoke::Engine::start(std::move(options));
  if (!engine) return std::fprintf(stderr, "%s\n", engine.error().message.c_str()), 1;
  std::printf("serving http://%s\n", (*engine)->address().text().c_str());
  std::fflush(stdout);
  int received = 0;
  sigwait(&stop, &received);
  (*engine)->drain(convoke::Seconds{2});
}
