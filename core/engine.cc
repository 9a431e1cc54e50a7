#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/authentication.h"
#include "core/clock_desk.h"
#include "core/convoke.h"
#include "core/guard/root_ledger.h"
#include "core/guard/shared/ledger_exchange.h"
#include "core/guard/shared/shared_limits.h"
#include "core/guard/temporary_credentials.h"
#include "core/listening_sockets.h"
#include "core/loop/entropy.h"
#include "core/loop/key_file.h"
#include "core/metrics_desk.h"
#include "core/queue_check.h"
#include "core/queue_server.h"
#include "core/registry_desk.h"
#include "core/registry_start.h"
#include "core/shard.h"
#include "core/shared_store.h"
#include "core/state_check.h"
#include "core/state_directory.h"
#include "core/tree_desk.h"
#include "queue/journal/incarnation.h"
#include "queue/redis/keys.h"
#include "workers/log_files.h"
#include "workers/ports.h"
#include "workers/python_runtime.h"

namespace convoke {
namespace {

// How long what was cut may take to tell its callers and write its outcomes down.
constexpr Seconds kCutMax{5};
constexpr Millis kLookEvery{5};
// How long others may take to be told that this engine ends.
constexpr Seconds kLeaveMax{1};
// For the queue's server to answer, at the start.
constexpr Seconds kQueueWaitMax{10};

std::uint16_t shard_count(std::uint16_t asked) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned shards = asked == 0 ? cores : asked;
  return static_cast<std::uint16_t>(std::min<unsigned>(shards, kShardsMax));
}

Result<PortRange> instance_ports() {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  PortRange ephemeral{32768, 60999};  // Linux's default, where it cannot be read
  file >> ephemeral.first >> ephemeral.last;
  if (auto range = ports_outside(ephemeral)) return *range;
  return Error{ErrorCode::kServiceUnavailable,
               "net.ipv4.ip_local_port_range leaves too few ports for instances: narrow it, to "
               "32768 60999 for example"};
}

// Journal n is written by shard n mod shards: each has one writer, whatever --shards says, and
// what an engine with more shards left behind is run off by those there are.
std::vector<std::uint32_t> journals_of(std::uint16_t shard, std::uint16_t shards,
                                       const std::vector<std::uint32_t>& existing) {
  std::vector<std::uint32_t> journals{shard};
  for (const std::uint32_t number : existing) {
    if (number % shards == shard && number != shard) journals.push_back(number);
  }
  return journals;
}

void pin_to_core(unsigned core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core % std::max(1U, std::thread::hardware_concurrency()), &cores);
  if (pthread_setaffinity_np(pthread_self(), sizeof cores, &cores) != 0) {
    spdlog::warn("cannot pin a shard to core {}: it runs where the system puts it", core);
  }
}

const InProcessRegistry& no_callables() {
  static const InProcessRegistry kNone;
  return kNone;
}

Error no_lease() {
  return {ErrorCode::kServiceUnavailable,
          "this engine was not granted a lease to start calls: the registry there changes faster "
          "than it is read, or the server is slow"};
}

Result<std::uint32_t> next_life(const StateDirectory& state) {
  Loop loop;
  LoopIoThread thread(loop);
  DiskReserve disk;
  auto dir = DiskLogDir::open(state.queue(), thread, thread, disk);
  if (!dir) return dir.error();
  return journal::next_incarnation(**dir);
}

Result<void> check_without_store(const EngineOptions& options) {
  if (options.without_store == kRefuseWithoutStore || options.without_store == kServeWithoutStore) {
    return {};
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("'{}' is nothing to do without the queue's server: refuse or serve",
                           options.without_store)};
}

Result<void> check_sizes(const EngineOptions& options) {
  const std::size_t asked = options.async_event_bytes_max;
  if (asked > 0 && asked <= kSyncEventBytesMax) return {};
  return Error{
      ErrorCode::kInvalidArgument,
      fmt::format("events of {} bytes cannot be taken: 1 to {}", asked, kSyncEventBytesMax)};
}

// Where the queue is, if it is not embedded; what journals hold would never run then.
Result<std::optional<redis::Target>> shared_queue(const EngineOptions& options,
                                                  const StateDirectory& state) {
  if (options.queue.empty()) return std::optional<redis::Target>{};
  auto target = queue_target(options);
  if (!target) return target.error();
  if (auto durability = queue_durability(options); !durability) return durability.error();
  if (auto known = check_without_store(options); !known) return known.error();
  if (options.virtual_clock) {
    return Error{ErrorCode::kInvalidArgument,
                 "a virtual clock and a queue on a server exclude each other: its time is real"};
  }
  if (auto empty = check_nothing_unfinished(state); !empty) return empty.error();
  return std::optional<redis::Target>(*std::move(target));
}

}  // namespace

// In the order of their lives.
struct Engine::Parts {
  Parts(EngineOptions asked, StateDirectory directory, std::uint16_t shard_total, PortRange range,
        OpenedRegistry registry, std::unique_ptr<history::History> kept,
        std::unique_ptr<LauncherProcess> started, std::string key, std::uint32_t life,
        Authentication who, std::optional<redis::Target> target)
      : options(std::move(asked)),
        state(std::move(directory)),
        rng(Rng::seeded(entropy_seed())),
        gates(shard_total, registry.shared != nullptr ? 0 : kUnlimited),
        account(options.account_instances_max),
        ports(range, rng),
        mail(shard_total),
        launcher(std::move(started)),
        logs(log_options(options, state)),
        desk(std::move(registry.source), gates, logs, options.account_instances_max),
        shared(registry.shared),
        history(std::move(kept)),
        posters(poster_options(options)),
        delivery_key(std::move(key)),
        incarnation(life),
        access_keys(std::move(who.keys)),
        token_key(std::move(who.token_key)),
        seal(token_key),
        running(rng.fork("places of calls")),
        queue_on(std::move(target)) {
    if (shared != nullptr) {
      lease.set(Instant{});  // until it is granted one
      lease.look_at_clock(monotonic_now);
    }
    if (serves_without_store()) lease.outlive_store(options.engine_lease);
    if (options.virtual_clock) virtual_from = TimeOrigin{monotonic_now(), wall_now()};
  }

  ~Parts() {
    stop_threads();
    for (const auto& shard : shards) shard->end_requests();
    desk.close();
    limits.reset();
    exchange.reset();
    shards.clear();
  }

  static CurlPosterOptions poster_options(const EngineOptions& options) {
    CurlPosterOptions poster;
    poster.transfer.may_connect = [allowed = options.destinations_allow](const IpAddress& address) {
      return allowed.may_connect(address);
    };
    return poster;
  }

  static LogFilesOptions log_options(const EngineOptions& options, const StateDirectory& state) {
    LogFilesOptions log;
    log.directory = state.logs();
    log.bytes_max = options.log_bytes_max;
    log.age_max = options.log_age_max;
    return log;
  }

  Result<void> make_shards(std::uint16_t total) {
    const ShardWorld world{options,
                           state,
                           disk,
                           options.in_process ? *options.in_process : no_callables(),
                           gates,
                           account,
                           lease,
                           ports,
                           mail,
                           *launcher,
                           logs,
                           desk,
                           history,
                           posters,
                           delivery_key,
                           incarnation,
                           queue_on ? &*queue_on : nullptr,
                           clock_desk,
                           metrics_desk,
                           access_keys,
                           token_key,
                           virtual_from,
                           {&seal, &running, &ledger},
                           trees,
                           works};
    const std::vector<std::uint32_t> existing = state.journals();
    if (auto forgotten = history.forget_all_but(existing); !forgotten) return forgotten.error();
    std::vector<ShardDoor*> doors;
    std::vector<TimeDoor*> time_doors;
    std::vector<MetricsDoor*> metrics_doors;
    std::vector<KeysDoor*> keys_doors;
    for (std::uint16_t i = 0; i < total; ++i) {
      auto shard = Shard::make(ShardIndex{i}, world, journals_of(i, total, existing));
      if (!shard) return shard.error();
      shards.push_back(*std::move(shard));
      doors.push_back(shards.back().get());
      time_doors.push_back(shards.back().get());
      metrics_doors.push_back(shards.back().get());
      keys_doors.push_back(shards.back().get());
    }
    history.open(doors, shards.front()->history_thread());
    for (const auto& shard : shards) shard->tell_recovered();
    clock_desk.open(std::move(time_doors));
    metrics_desk.open(std::move(metrics_doors));
    access_keys.open(std::move(keys_doors), shards.front()->registry_thread());
    if (shared != nullptr) share_limits();
    if (shared != nullptr) share_ledger();
    trees.open(doors, exchange.get());
    desk.open(std::move(doors), shards.front()->registry_thread(), shards.front()->clock(),
              shards.front()->wheel(), [this](Instant until) { on_lease(until); });
    for (const auto& shard : shards) shard->start_timers();
    return {};
  }

  [[nodiscard]] bool serves_without_store() const {
    return options.without_store == kServeWithoutStore;
  }

  void share_limits() {
    const redis::LinkWorld world = shards.front()->link_world();
    shared->use(world);
    SharedLimitsOptions asked;
    asked.link.target = *queue_on;
    asked.engine = shared->engine();
    asked.lease = options.engine_lease;
    asked.outlives_server = serves_without_store();
    limits = std::make_unique<SharedLimits>(
        std::move(asked), world, gates, rng.fork("limits"),
        [this](std::function<void()> task) { shards.front()->post(std::move(task)); },
        [this](FunctionId function) {
          for (const auto& shard : shards) {
            shard->post([&shard, function] { shard->on_share(function); });
          }
        });
    desk.tell_limits_to([this](FunctionId function, std::uint32_t before, std::uint32_t now) {
      limits->on_limit(function, before, now);
    });
    for (const auto& shard : shards) shard->ask_for_places(*limits);
  }

  void share_ledger() {
    redis::LinkOptions link;
    link.target = *queue_on;
    link.name = "convoke-roots";
    exchange = std::make_unique<LedgerExchange>(
        std::move(link), std::string(redis::kPrefixDefault), shards.front()->link_world(), ledger,
        rng.fork("roots"),
        [this](std::function<void()> task) { shards.front()->post(std::move(task)); });
  }

  // Nothing starts here any more: engines that share the registry need not wait for this one.
  void leave() {
    const auto left = std::make_shared<std::atomic<bool>>(false);
    shards.front()->post([this, left] { desk.leave([left] { *left = true; }); });
    for (Duration waited{}; waited < kLeaveMax && !*left; waited += kLookEvery) {
      std::this_thread::sleep_for(kLookEvery);
    }
  }

  // On the first shard's thread.
  void on_lease(Instant until) {
    const bool held = lease.holds(monotonic_now());
    lease.set(until);
    if (held) return;
    for (const auto& shard : shards) shard->post([&shard] { shard->on_lease(); });
  }

  Result<void> listen(std::vector<OwnedFd> handed_over) {
    const auto total = static_cast<std::uint16_t>(shards.size());
    auto opened = ListeningSockets::open(options.listen, std::move(handed_over), total);
    if (!opened) return opened.error();
    sockets = *std::move(opened);
    options.listen = sockets.address();
    return {};
  }

  // While the shards run.
  Result<void> accept_connections() {
    const auto total = static_cast<std::uint16_t>(shards.size());
    std::vector<Result<void>> listening(total);
    on_each_shard([this, total, &listening](Shard& shard) {
      listening[shard.index().value] = shard.listen(sockets.of(shard.index(), total));
    });
    for (const Result<void>& one : listening) {
      if (!one) return one.error();
    }
    return {};
  }

  // The first callers are not to meet a server that has not answered yet, nor an engine that may
  // not start their calls yet.
  Result<void> wait_for_queue() const {
    if (!queue_on) return {};
    const Instant end = monotonic_now() + kQueueWaitMax;
    while (true) {
      std::vector<Result<void>> health(shards.size());
      on_each_shard(
          [&health](Shard& shard) { health[shard.index().value] = shard.queue_health(); });
      const auto sick =
          std::find_if(health.begin(), health.end(), [](const Result<void>& one) { return !one; });
      const bool healthy = sick == health.end();
      if (healthy && lease.holds(monotonic_now())) return {};
      if (monotonic_now() > end) {
        const Error why = healthy ? no_lease() : sick->error();
        return Error{why.code, queue_on->text() + ": " + why.message};
      }
      std::this_thread::sleep_for(kLookEvery);
    }
  }

  void start_threads() {
    for (std::size_t i = 0; i < shards.size(); ++i) {
      threads.emplace_back([this, i] {
        if (options.pin) pin_to_core(static_cast<unsigned>(i));
        shards[i]->run();
      });
    }
  }

  void stop_threads() {
    for (const auto& shard : shards) shard->stop();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }

  // On every shard's thread; returns when all have done it.
  void on_each_shard(const std::function<void(Shard&)>& task) const {
    std::atomic<std::size_t> done{0};
    for (const auto& shard : shards) {
      shard->post([&shard, &task, &done] {
        task(*shard);
        ++done;
      });
    }
    while (done < shards.size()) std::this_thread::sleep_for(kLookEvery);
  }

  bool quiet_within(Duration time) const {
    for (Duration waited{}; waited < time; waited += kLookEvery) {
      std::size_t busy = 0;
      for (const auto& shard : shards) busy += shard->busy();
      if (busy == 0) return true;
      std::this_thread::sleep_for(kLookEvery);
    }
    return false;
  }

  EngineOptions options;
  StateDirectory state;
  DiskReserve disk;
  Rng rng;
  GateTable gates;
  AccountPlaces account;
  EngineLease lease;
  PortPool ports;
  Mailboxes<Letter> mail;
  std::unique_ptr<LauncherProcess> launcher;
  LogFiles logs;
  RegistryDesk desk;
  shared_registry::SharedSource* shared;  // the desk's; null: the registry is our own
  HistoryDesk history;
  CurlPoster posters;
  std::string delivery_key;
  std::uint32_t incarnation;
  AccessKeysDesk access_keys;
  std::string token_key;
  LineageSeal seal;
  RunningCalls running;
  RootLedger ledger;
  TreeDesk trees{ledger};
  ObjectWorks works;
  ListeningSockets sockets;
  ClockDesk clock_desk;
  MetricsDesk metrics_desk;
  std::optional<redis::Target> queue_on;  // none: the queue is embedded
  std::optional<TimeOrigin> virtual_from;
  std::vector<std::unique_ptr<Shard>> shards;
  std::atomic<std::size_t> next_request{0};
  std::unique_ptr<SharedLimits> limits;      // on the first shard; null: they are our own
  std::unique_ptr<LedgerExchange> exchange;  // on the first shard; null: nobody shares
  std::vector<std::thread> threads;
};

Result<StateSeen> Engine::check(const EngineOptions& options, std::vector<OwnedFd> sockets) {
  if (auto may = may_listen(options); !may) return may.error();
  if (auto may = check_authentication(options, StatePlaces(options.state_directory)); !may)
    return may.error();
  if (auto adopted = ListeningSockets::adopt(options.listen, std::move(sockets)); !adopted) {
    return adopted.error();
  }
  if (::access(options.launcher_program.c_str(), X_OK) != 0) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("cannot run the launcher '{}': {}", options.launcher_program,
                             std::strerror(errno))};
  }
  if (auto range = instance_ports(); !range) return range.error();
  if (!options.queue.empty()) {
    if (auto target = queue_target(options); !target) return target.error();
    if (auto durability = queue_durability(options); !durability) return durability.error();
  }
  return check_state(options.state_directory);
}

Result<std::vector<QueueFinding>> Engine::check_queue(const EngineOptions& options) {
  return convoke::check_queue(options);
}

Result<std::unique_ptr<Engine>> Engine::start(EngineOptions options, std::vector<OwnedFd> sockets) {
  if (auto may = may_listen(options); !may) return may.error();
  if (auto sizes = check_sizes(options); !sizes) return sizes.error();
  auto state = StateDirectory::open(options.state_directory, options.state_wait_max);
  if (!state) return state.error();
  auto target = shared_queue(options, *state);
  if (!target) return target.error();
  if (*target) {
    auto usable = find_usable(**target, *queue_durability(options));
    if (!usable) return usable.error();
    **target = *std::move(usable);
  }
  auto range = instance_ports();
  if (!range) return range.error();
  auto life = next_life(*state);
  if (!life) return life.error();
  if (auto written = write_python_runtime(state->python_runtime()); !written) {
    return written.error();
  }
  auto registry = open_registry(options, *state, *target);
  if (!registry) return registry.error();
  auto kept = history::History::open(state->history());
  if (!kept) return kept.error();
  auto key = load_or_make_key(state->delivery_key());
  if (!key) return key.error();
  auto who = open_authentication(options, *state);
  if (!who) return who.error();
  if (*target && who->keys.enabled()) {
    const std::string fingerprint = key_fingerprint(who->token_key);
    if (auto same = claim_token_key(**target, fingerprint); !same) return same.error();
  }
  const std::uint16_t shards = shard_count(options.shards);
  auto launcher = LauncherProcess::start(options.launcher_program, shards);
  if (!launcher) return launcher.error();

  auto parts = std::make_unique<Parts>(std::move(options), *std::move(state), shards, *range,
                                       *std::move(registry), *std::move(kept), *std::move(launcher),
                                       *std::move(key), *life, *std::move(who), *std::move(target));
  if (auto made = parts->make_shards(shards); !made) return made.error();
  if (auto listening = parts->listen(std::move(sockets)); !listening) return listening.error();
  parts->start_threads();
  if (auto ready = parts->wait_for_queue(); !ready) return ready.error();
  if (auto accepting = parts->accept_connections(); !accepting) return accepting.error();
  return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Engine::~Engine() = default;

Address Engine::address() const { return parts_->options.listen; }

std::string Engine::queue() const {
  return parts_->queue_on ? parts_->queue_on->text() : std::string();
}

std::uint16_t Engine::shards() const { return static_cast<std::uint16_t>(parts_->shards.size()); }

Result<std::vector<OwnedFd>> Engine::share_sockets() const { return parts_->sockets.duplicates(); }

// In turn: shards help each other out with slots, and each has a journal of its own.
bool Engine::request(http::Request request, std::function<void(http::Response)> answered) {
  const std::size_t turn = parts_->next_request++;
  return parts_->shards[turn % parts_->shards.size()]->request(std::move(request),
                                                               std::move(answered));
}

Engine::Cut Engine::drain(Duration grace, Unaccepted unaccepted) {
  if (unaccepted == Unaccepted::kLeave) parts_->sockets.leave_files();
  parts_->sockets.let_go();
  parts_->on_each_shard([unaccepted](Shard& shard) { shard.drain(unaccepted); });
  Cut cut;
  if (!parts_->quiet_within(grace)) {
    std::atomic<std::size_t> calls{0};
    parts_->on_each_shard([&calls](Shard& shard) { calls += shard.cut(); });
    (void)parts_->quiet_within(kCutMax);
    cut.calls = calls;
  }
  parts_->leave();
  return cut;
}

}  // namespace convoke
