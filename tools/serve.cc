#include "tools/serve.h"

#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/access_keys_desk.h"
#include "core/convoke.h"
#include "tools/handed_over.h"
#include "tools/successor.h"

namespace convoke::cli {
namespace {

// Waits for them in one place instead of handling them anywhere: every thread made later inherits
// the mask.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
  }
  [[nodiscard]] int wait() const {
    int received = 0;
    sigwait(&set_, &received);
    return received;
  }
  void wait_for_stop() const {
    while (wait() == SIGUSR2) spdlog::warn("no restart: this engine is about to end");
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
  options.access_keys_file = asked.access_keys;
  options.token_key_file = asked.token_key_file;
  options.state_directory = asked.state;
  options.queue = asked.queue;
  options.queue_password_file = asked.queue_password_file;
  options.queue_ca_file = asked.queue_ca;
  options.queue_certificate_file = asked.queue_cert;
  options.queue_key_file = asked.queue_key;
  options.queue_durability = asked.durability;
  options.engine_lease = asked.engine_lease;
  options.without_store = asked.without_store;
  options.state_wait_max = asked.state_wait;
  options.shards = static_cast<std::uint16_t>(asked.shards);
  options.pin = asked.pin;
  options.virtual_clock = asked.virtual_clock;
  options.launcher_program = asked.launcher;
  options.account_instances_max = asked.account_instances_max;
  options.dispatch.idle_max = asked.idle_timeout;
  options.dispatch.sync_wait_max = asked.sync_wait_max;
  options.dispatch.sync_waiters_max = asked.sync_waiters_max;
  options.queue_depth_max = asked.queue_depth_max;
  options.function_queue_depth_max = asked.function_queue_depth_max;
  options.async_event_bytes_max = asked.async_event_max;
  options.log_bytes_max = std::uint64_t{asked.log_max_mb} << 20;
  options.log_age_max = std::chrono::hours{24} * asked.log_max_days;
  return options;
}

std::string told(const StateSeen& seen, const std::string& state) {
  if (seen.in_use_by) {
    return fmt::format(
        "can serve; {} is in use by process {}, so of its {} journals only the format was looked "
        "at\n",
        state, *seen.in_use_by, seen.journals);
  }
  return fmt::format("can serve: {} holds {} journals with {} calls to run\n", state, seen.journals,
                     seen.unfinished_calls);
}

// Of access keys that Engine::check() has found good.
std::string told_of_authentication(const EngineOptions& options) {
  if (options.access_keys_file.empty()) {
    return "requests are not authenticated: serves loopback alone\n";
  }
  const auto read = read_access_keys(options.access_keys_file, options.account_id);
  return fmt::format("requests must be signed with one of {} access keys in {}\n",
                     read ? read->keys->size() : 0, options.access_keys_file);
}

void tell(const Engine::Cut& cut) {
  if (cut.calls == 0) return;
  spdlog::warn(
      "cut {} calls that were still running or in line: synchronous callers got 503, "
      "accepted calls run again after the next start",
      cut.calls);
}

// A second signal does not wait for the grace to end.
void stop(std::unique_ptr<Engine> engine, Seconds grace, const Signals& signals) {
  spdlog::info("told to stop: finishing what runs, for up to {} s", grace.count());
  std::thread impatient([signals] {
    signals.wait_for_stop();
    spdlog::warn("second signal: ending at once");
    std::_Exit(1);
  });
  impatient.detach();
  tell(engine->drain(grace));
  engine.reset();
  spdlog::info("stopped");
}

// The sockets for the successor; none if it would not serve.
std::vector<OwnedFd> prepare(const Engine& engine, const Successor& successor) {
  spdlog::info("told to restart: asking {} whether it can serve", successor.program());
  auto sockets = engine.share_sockets();
  if (!sockets) {
    spdlog::error("not restarted, serving as before: {}", sockets.error().message);
    return {};
  }
  if (auto checked = successor.check(*sockets); !checked) {
    spdlog::error("not restarted, serving as before: {}", checked.failure().message);
    return {};
  }
  return *std::move(sockets);
}

// A signal to stop that comes meanwhile is kept for the successor: it answers who has waited.
Failure restart(std::unique_ptr<Engine> engine, Seconds grace, const Successor& successor,
                std::vector<OwnedFd> sockets) {
  spdlog::info("finishing what runs, for up to {} s; then {} takes over", grace.count(),
               successor.program());
  tell(engine->drain(grace, Unaccepted::kLeave));
  engine.reset();
  return successor.take_over(std::move(sockets));
}

}  // namespace

Outcome<ExitCode> check_serve(const ServeOptions& asked) {
  Outcome<EngineOptions> options = engine_options(asked);
  if (!options) return options.failure();
  auto sockets = take_handed_over(::getppid());  // by the engine that asks
  if (!sockets) return sockets.failure();
  auto seen = Engine::check(*options, std::move(*sockets));
  if (!seen) return usage_failure(seen.error().message);
  fmt::print("{}{}", told(*seen, asked.state), told_of_authentication(*options));
  return ExitCode::kOk;
}

Outcome<ExitCode> serve(const ServeOptions& asked) {
  const Signals signals;
  const Successor successor;
  log_to_stderr(asked.log_level);
  Outcome<EngineOptions> options = engine_options(asked);
  if (!options) return options.failure();
  auto handed_over = take_handed_over(::getpid());
  if (!handed_over) return handed_over.failure();
  auto started = Engine::start(std::move(*options), std::move(*handed_over));
  if (!started) return usage_failure(started.error().message);
  std::unique_ptr<Engine> engine = *std::move(started);
  const std::string queue = engine->queue();
  spdlog::info("serving http://{} with {} shards, state in {}{}", engine->address().text(),
               engine->shards(), asked.state, queue.empty() ? "" : ", queue on " + queue);
  if (asked.virtual_clock) {
    spdlog::warn(
        "time is VIRTUAL: timeouts, delays, retries and ages stand still until it is moved, by "
        "`convoke clock advance 24h` or POST /convoke/clock/advance; for tests, not to serve with");
  }

  while (signals.wait() == SIGUSR2) {
    std::vector<OwnedFd> sockets = prepare(*engine, successor);
    if (sockets.empty()) continue;
    return restart(std::move(engine), asked.grace, successor, std::move(sockets));
  }
  stop(std::move(engine), asked.grace, signals);
  return ExitCode::kOk;
}

}  // namespace convoke::cli
