// An engine embedded in a program of its own, with in-process functions: what the engine itself
// costs, and an example of embedding. Deploy functions with runtime `in-process` and these
// handlers: `hello` answers at once; `count` says how often `hello` has run, `latest_start` when it
// last began (CLOCK_MONOTONIC, ns).
//
//   bench_engine LISTEN STATE_DIRECTORY LAUNCHER SHARDS
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "core/convoke.h"

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bench_engine LISTEN STATE_DIRECTORY LAUNCHER SHARDS\n");
    return 2;
  }
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);

  using Clock = std::chrono::steady_clock;
  std::atomic<std::uint64_t> ran{0};
  std::atomic<Clock::rep> latest_start{0};
  auto callables = std::make_shared<convoke::InProcessRegistry>();
  callables->add("hello", [&](const convoke::InProcessCall&, convoke::InProcessReply reply) {
    latest_start.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    ran.fetch_add(1, std::memory_order_relaxed);
    reply.succeed("hello");
  });
  callables->add("count", [&ran](const convoke::InProcessCall&, convoke::InProcessReply reply) {
    reply.succeed(std::to_string(ran.load()));
  });
  callables->add("latest_start",
                 [&latest_start](const convoke::InProcessCall&, convoke::InProcessReply reply) {
                   reply.succeed(std::to_string(latest_start.load()));
                 });

  auto listen = convoke::Address::parse(argv[1]);
  if (!listen) return std::fprintf(stderr, "%s\n", listen.error().message.c_str()), 2;
  convoke::EngineOptions options;
  options.listen = *listen;
  options.state_directory = argv[2];
  options.launcher_program = argv[3];
  options.shards = static_cast<std::uint16_t>(std::atoi(argv[4]));
  options.in_process = callables;
  auto engine = convoke::Engine::start(std::move(options));
  if (!engine) return std::fprintf(stderr, "%s\n", engine.error().message.c_str()), 1;
  std::printf("serving http://%s\n", (*engine)->address().text().c_str());
  std::fflush(stdout);
  int received = 0;
  sigwait(&stop, &received);
  (*engine)->drain(convoke::Seconds{2});
}
