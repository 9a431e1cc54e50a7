#include "tools/serve.h"

#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <thread>
#include <utility>

#include "core/convoke.h"

namespace convoke::cli {
namespace {

// Waits for them in one place instead of handling them anywhere: every thread made later inherits
// the mask.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
  }
  [[nodiscard]] int wait() const {
    int received = 0;
    sigwait(&set_, &received);
    return received;
  }

 private:
  sigset_t set_{};
};

void log_to_stderr(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>(
      "convoke", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_level(spdlog::level::from_str(level));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  spdlog::set_default_logger(std::move(logger));
}

Outcome<EngineOptions> engine_options(const ServeOptions& asked) {
  auto listen = Address::parse(asked.listen);
  if (!listen) return usage_failure("--listen: " + listen.error().message);
  auto allowed = Egress::parse(asked.destinations_allow);
  if (!allowed) return usage_failure("--destinations-allow: " + allowed.error().message);
  EngineOptions options;
  options.destinations_allow = *std::move(allowed);
  options.listen = *std::move(listen);
  options.state_directory = asked.state;
  options.shards = static_cast<std::uint16_t>(asked.shards);
  options.pin = asked.pin;
  options.launcher_program = asked.launcher;
  options.account_instances_max = asked.account_instances_max;
  options.dispatch.idle_max = asked.idle_timeout;
  options.dispatch.sync_wait_max = asked.sync_wait_max;
  options.dispatch.sync_waiters_max = asked.sync_waiters_max;
  options.log_bytes_max = std::uint64_t{asked.log_max_mb} << 20;
  options.log_age_max = std::chrono::hours{24} * asked.log_max_days;
  return options;
}

// A second signal does not wait for the grace to end.
Engine::Cut drain(Engine& engine, Duration grace, const StopSignals& signals) {
  std::thread impatient([signals] {
    (void)signals.wait();
    spdlog::warn("second signal: ending at once");
    std::_Exit(1);
  });
  impatient.detach();
  return engine.drain(grace);
}

}  // namespace

Outcome<ExitCode> serve(const ServeOptions& asked) {
  const StopSignals signals;
  log_to_stderr(asked.log_level);
  Outcome<EngineOptions> options = engine_options(asked);
  if (!options) return options.failure();
  auto started = Engine::start(*std::move(options));
  if (!started) return usage_failure(started.error().message);
  Engine& engine = **started;
  spdlog::info("serving http://{} with {} shards, state in {}", engine.address().text(),
               engine.shards(), asked.state);

  spdlog::info("signal {}: finishing what runs, for up to {} s", signals.wait(),
               asked.grace.count());
  const Engine::Cut cut = drain(engine, asked.grace, signals);
  if (cut.calls > 0) {
    spdlog::warn(
        "cut {} calls that were still running or in line: synchronous callers got 503, "
        "accepted calls run again after the next start",
        cut.calls);
  }
  started = Error{};  // ends the engine
  spdlog::info("stopped");
  return ExitCode::kOk;
}

}  // namespace convoke::cli
