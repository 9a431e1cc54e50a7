#include "tests/sim/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "queue/journal/incarnation.h"

namespace convoke::sim {
namespace {

// Between the end of a turn that has work left and the next.
constexpr Duration kTurnAgain = std::chrono::microseconds{200};

journal::Options store_options(const EngineOptions& options, const Stage& stage, Rng& rng) {
  journal::Options made;
  made.segment_bytes = options.segment_bytes;
  made.event_bytes_in_memory_max = options.event_bytes_in_memory_max;
  made.depth_max = options.depth_max + (stage.planted(Planted::kOverfills) ? 2 : 0);
  made.secret = rng.next();
  made.ends_wait_max = Millis{1};
  return made;
}

std::vector<std::uint32_t> journals_of(std::uint16_t shard, std::uint16_t shards,
                                       std::uint32_t journals) {
  std::vector<std::uint32_t> numbers{shard};
  for (std::uint32_t number = shards; number < journals; ++number) {
    if (number % shards == shard) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::string journal_directory(std::uint32_t number) { return fmt::format("journal-{}", number); }

struct Engine::Shard {
  Shard(Engine& engine, std::uint16_t index, Rng chance)
      : self(ShardIndex{index}),
        rng(chance),
        wheel(engine.outside_.stage.clock.now()),
        workers(engine.outside_.stage, rng.fork("instances"),
                [&engine, index](Duration delay, std::function<void()> what) {
                  engine.turn_in(index, delay, std::move(what));
                }),
        mail(engine.post_office_, self),
        dispatcher({engine.outside_.stage.clock, wheel, workers, engine.gates_, engine.account_,
                    directory, mail},
                   engine.options_.dispatch),
        pump(self, {engine.outside_.stage.clock, wheel, directory}, rng.fork("retries"),
             [](std::string_view) {}),
        witness(engine.outside_.stage, engine.outside_.spent, pump),
        names(engine.names_,
              [&engine, index](Duration delay, std::function<void()> what) {
                engine.turn_in(index, delay, std::move(what));
              }),
        invoker(self, {engine.outside_.stage.clock, wheel, directory, dispatcher, witness, names},
                engine.outside_.respond) {
    dispatcher.attach(invoker, pump, pump);
    pump.attach(witness, dispatcher, invoker);
  }

  Result<void> open_store(Engine& engine, std::uint32_t incarnation, std::uint32_t journals) {
    Stage& stage = engine.outside_.stage;
    std::vector<journal::JournalPlace> places;
    const std::uint16_t shards = engine.post_office_.shards();
    for (const std::uint32_t number : journals_of(self.value, shards, journals)) {
      places.push_back(
          {number, std::make_unique<fake::FakeLogDir>(stage.disk, journal_directory(number)), {}});
    }
    auto store =
        journal::JournalStore::open(store_options(engine.options_, stage, rng), std::move(places),
                                    incarnation, stage.clock, wheel, witness);
    if (!store) return store.error();
    witness.watch(*std::move(store));
    return {};
  }

  const ShardIndex self;
  Rng rng;
  TimerWheel wheel;
  ScriptedWorkers workers;
  Directory directory;
  ShardMail mail;
  Dispatcher dispatcher;
  Pump pump;
  Witness witness;
  SimNames names;
  Invoker invoker;
  std::optional<Instant> armed;
  bool turns_again = false;
};

Engine::Engine(Outside outside, const EngineOptions& options, std::uint16_t shards)
    : outside_(std::move(outside)),
      options_(options),
      gates_(shards),
      account_(options.account_max),
      post_office_(outside_.stage, shards,
                   [this](ShardIndex to, Duration delay, PostOffice::Take take) {
                     turn_in(to.value, delay, [this, to, take = std::move(take)] {
                       shards_[to.value]->dispatcher.on_letter(take());
                     });
                   }) {}

Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::start(Outside outside, const EngineOptions& options,
                                              std::uint16_t shards, std::uint32_t journals,
                                              Rng rng) {
  fake::FakeLogDir root(outside.stage.disk, "root");
  const auto incarnation = journal::next_incarnation(root);
  if (!incarnation) return incarnation.error();
  std::unique_ptr<Engine> engine(new Engine(std::move(outside), options, shards));
  for (std::uint16_t i = 0; i < shards; ++i) {
    engine->shards_.push_back(
        std::make_unique<Shard>(*engine, i, rng.fork(fmt::format("shard {}", i))));
    auto opened = engine->shards_.back()->open_store(*engine, *incarnation, journals);
    if (!opened) return opened.error();
  }
  for (const auto& shard : engine->shards_) engine->wake(*shard);
  return engine;
}

// ---- turns ----

void Engine::turn(Shard& shard, const std::function<void()>& what) {
  what();
  shard.wheel.advance(outside_.stage.clock.now());
  const bool again = shard.dispatcher.end_of_turn();
  shard.witness.submit();
  if (again && !std::exchange(shard.turns_again, true)) {
    turn_in(shard.self.value, kTurnAgain, [&shard] { shard.turns_again = false; });
  }
  wake(shard);
  outside_.turned();
}

void Engine::turn_in(std::uint16_t shard, Duration delay, std::function<void()> what) {
  outside_.stage.agenda.in(
      delay, [this, alive = std::weak_ptr<int>(alive_), shard, what = std::move(what)] {
        if (!alive.expired()) turn(*shards_[shard], what);
      });
}

void Engine::wake(Shard& shard) {
  const auto wakeup = shard.wheel.next_wakeup();
  if (!wakeup || *wakeup == kNever) return;
  const Instant when = std::max(*wakeup, outside_.stage.clock.now() + kTurnAgain);
  if (shard.armed && *shard.armed <= when) return;
  shard.armed = when;
  turn_in(shard.self.value, when - outside_.stage.clock.now(), [&shard, when] {
    if (shard.armed == when) shard.armed.reset();
  });
}

// ---- what comes from outside ----

void Engine::request(ShardIndex at, http::ExchangeId exchange, const CallId& id,
                     const std::string& function, http::Request request) {
  Shard& shard = *shards_[at.value];
  turn(shard, [&] {
    shard.invoker.invoke(exchange, id, {"default", "", function}, std::move(request));
  });
}

void Engine::client_gone(ShardIndex at, http::ExchangeId exchange) {
  Shard& shard = *shards_[at.value];
  turn(shard, [&] { shard.invoker.client_gone(exchange); });
}

void Engine::apply(ShardIndex at, const Change& change) {
  Shard& shard = *shards_[at.value];
  turn(shard, [&] {
    shard.directory.apply(change);
    if (const auto* put = std::get_if<FunctionPut>(&change.what)) {
      shard.dispatcher.on_function(put->function);
    } else if (const auto* gone = std::get_if<FunctionGone>(&change.what)) {
      shard.dispatcher.on_function_gone(gone->id);
    } else if (const auto* limit = std::get_if<LimitPut>(&change.what)) {
      shard.dispatcher.on_limit(limit->limit->function_id);
    } else if (const auto* lifted = std::get_if<LimitGone>(&change.what)) {
      shard.dispatcher.on_limit(lifted->function_id);
    }
  });
}

void Engine::use_stale(ShardIndex at, const Receipt& receipt) {
  Shard& shard = *shards_[at.value];
  turn(shard, [&] { shard.witness.use_stale(receipt); });
}

// Whoever has it, if anybody has.
void Engine::stop_call(FunctionId function, const CallId& id) {
  for (const auto& shard : shards_) {
    if (!shard->witness.find(id)) continue;
    return turn(*shard, [&] {
      shard->pump.stop(function, id, [this, id](StopResult result) {
        outside_.stage.seen.tell(&Observer::on_stop_answered, id, result);
      });
    });
  }
}

void Engine::complete(const std::string& directory, const fake::FakeDisk::Completion& completion) {
  for (std::uint16_t i = 0; i < shards(); ++i) {
    for (std::uint32_t number = i; number < kShardsMax; number += shards()) {
      if (journal_directory(number) == directory) return turn(*shards_[i], completion);
    }
  }
}

// ---- what oracles see ----

bool Engine::holds(const CallId& id) const {
  return std::any_of(shards_.begin(), shards_.end(),
                     [&](const auto& shard) { return shard->witness.find(id).has_value(); });
}

QueueCounts Engine::counts(ShardIndex at) const { return shards_[at.value]->witness.counts(); }

QueueCounts Engine::counts(ShardIndex at, FunctionId function) const {
  return shards_[at.value]->witness.counts(function);
}

std::string Engine::left_over() const {
  std::string left;
  const auto add = [&left](const char* what, std::size_t count) {
    if (count > 0) left += fmt::format("{}{} {}", left.empty() ? "" : ", ", count, what);
  };
  for (const auto& shard : shards_) {
    const QueueCounts counts = shard->witness.counts();
    add("calls here", shard->dispatcher.calls_here());
    add("instances", shard->dispatcher.instances());
    add("calls open in the pump", shard->pump.calls_open());
    add("answers owed", shard->invoker.calls_open());
    add("timers", shard->wheel.size());
    add("queued calls", counts.ready + counts.delayed + counts.claimed);
  }
  add("letters", post_office_.letters());
  add("places of the account", account_.used());
  return left;
}

}  // namespace convoke::sim
