#include "tests/sim/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/dispatch/deliverer.h"
#include "queue/journal/incarnation.h"
#include "tests/sim/receivers.h"

namespace convoke::sim {
namespace {

const std::string kDeliveryKey = "a key that signs";
// Between the end of a turn that has work left and the next.
constexpr Duration kTurnAgain = std::chrono::microseconds{200};

// A desk's message to a shard, at most.
constexpr Duration kDeskPostMax = std::chrono::microseconds{500};

journal::Options store_options(const EngineOptions& options, const Stage& stage, Rng& rng) {
  journal::Options made;
  made.segment_bytes = options.segment_bytes;
  made.event_bytes_in_memory_max = options.event_bytes_in_memory_max;
  made.depth_max = options.depth_max + (stage.planted(Planted::kOverfills) ? 2 : 0);
  made.secret = rng.next();
  made.ends_wait_max = Millis{1};
  if (options.ready_in_memory > 0) {
    made.ready_in_memory_max = options.ready_in_memory;
    made.delayed_in_memory_max = options.ready_in_memory / 4;
    made.calls_in_memory_max = 2 * options.ready_in_memory;
    made.scratch_block_bytes = journal::kBlockBytesMin;
  }
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

struct Engine::Shard final : ShardDoor {
  Shard(Engine& made, std::uint16_t index, Rng chance)
      : engine(made),
        self(ShardIndex{index}),
        rng(chance),
        wheel(engine.outside_.stage.clock.now()),
        workers(engine.outside_.stage, rng.fork("instances"),
                [&made, index](Duration delay, std::function<void()> what) {
                  made.turn_in(index, delay, std::move(what));
                }),
        mail(engine.post_office_, self),
        guard(engine.outside_.stage.clock, directory, engine.ledger_, [](std::string_view) {}),
        tokens(engine.outside_.stage.seal),
        dispatcher({engine.outside_.stage.clock, wheel, workers, engine.gates_, engine.account_,
                    engine.lease_, directory, mail, engine.lineages(),
                    engine.outside_.stage.planted(Planted::kChargesNobody) ? nullptr : &guard},
                   engine.options_.dispatch),
        pump(self,
             {engine.outside_.stage.clock, wheel, directory,
              engine.outside_.stage.planted(Planted::kLooksAway) ? nullptr : &guard},
             rng.fork("retries"), [](std::string_view) {}),
        witness(engine.outside_.stage, engine.outside_.spent, pump),
        poster(engine.outside_.stage, rng.fork("receivers"),
               [&made, index](Duration delay, std::function<void()> what) {
                 made.turn_in(index, delay, std::move(what));
               }),
        deliverer({engine.outside_.stage.clock, directory, poster, kDeliveryKey},
                  rng.fork("deliveries"), [](std::string_view) {}),
        names(*engine.history_desk_, self),
        invoker(self,
                {engine.outside_.stage.clock, wheel, directory, dispatcher, witness, names, nullptr,
                 kAsyncEventBytesMax, engine.lineages(), &tokens, &guard},
                engine.outside_.respond) {
    dispatcher.attach(invoker, pump, pump);
    deliverer.attach(witness);
    pump.attach(witness, dispatcher, invoker, &deliverer);
  }

  Result<void> open_store(std::uint32_t incarnation, std::uint32_t journals) {
    Stage& stage = engine.outside_.stage;
    std::vector<journal::JournalPlace> places;
    const std::uint16_t shards = engine.post_office_.shards();
    for (const std::uint32_t number : journals_of(self.value, shards, journals)) {
      places.push_back({number,
                        std::make_unique<fake::FakeLogDir>(stage.disk, journal_directory(number)),
                        engine.history_desk_->mark_of(number)});
    }
    journal::Options options = store_options(engine.options_, stage, rng);
    options.history = &engine.history_tap_;
    auto opened = journal::JournalStore::open(std::move(options), std::move(places), incarnation,
                                              stage.clock, wheel, witness);
    if (!opened) return opened.error();
    store = opened->get();
    witness.watch(*std::move(opened));
    return {};
  }

  // ShardDoor. In the order in which they were posted, each in a turn of its own.
  void post(std::function<void()> task) override {
    const Instant now = engine.outside_.stage.clock.now();
    posted = std::max(posted + Duration{1}, now + between(rng, Duration{1'000}, kDeskPostMax));
    engine.turn_in(self.value, posted - now, std::move(task));
  }
  void apply(const Change&) override {}
  void on_gates(const SwitchScope&) override {}
  void when_ended(std::function<void(std::uint32_t)> then) override { then(0); }
  [[nodiscard]] std::vector<std::string> code_in_use() const override { return {}; }
  void on_taken(std::uint32_t journal, const history::Mark& upto) override {
    store->on_taken(journal, upto);
  }
  void stop_call(FunctionId function, const CallId& id, Queue::Stopped stopped) override {
    pump.stop(function, id, std::move(stopped));
  }
  void find_call(const CallId& id, ShardStore::Found found) override { found(store->find(id)); }

  Engine& engine;
  const ShardIndex self;
  Rng rng;
  TimerWheel wheel;
  ScriptedWorkers workers;
  Directory directory;
  ShardMail mail;
  LineageGuard guard;
  TokenReader tokens;
  Dispatcher dispatcher;
  Pump pump;
  Witness witness;
  SimPoster poster;
  Deliverer deliverer;
  SimNames names;
  Invoker invoker;
  journal::JournalStore* store = nullptr;  // the witness's
  Instant posted{};                        // when the last task of a desk's arrives
  std::optional<Instant> armed;
  bool turns_again = false;
};

Engine::Engine(Outside outside, const EngineOptions& options, std::uint16_t shards,
               std::unique_ptr<history::History> history)
    : outside_(std::move(outside)),
      options_(options),
      gates_(shards),
      account_(options.account_max),
      running_(outside_.stage.rng.fork("places")),
      post_office_(outside_.stage, shards,
                   [this](ShardIndex to, Duration delay, PostOffice::Take take) {
                     turn_in(to.value, delay, [this, to, take = std::move(take)] {
                       shards_[to.value]->dispatcher.on_letter(take());
                     });
                   }),
      history_(history.get()),
      history_thread_(outside_.stage,
                      [this](Duration delay, std::function<void()> what) {
                        turn_in(0, delay, std::move(what));
                      }),
      history_desk_(std::make_unique<HistoryDesk>(std::move(history))),
      history_tap_(outside_.stage, *history_desk_) {}

Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::start(Outside outside, const EngineOptions& options,
                                              std::uint16_t shards, std::uint32_t journals,
                                              Rng rng) {
  fake::FakeLogDir root(outside.stage.disk, "root");
  const auto incarnation = journal::next_incarnation(root);
  if (!incarnation) return incarnation.error();
  auto history = outside.history.open();
  if (!history) return history.error();
  std::unique_ptr<Engine> engine(
      new Engine(std::move(outside), options, shards, *std::move(history)));
  for (std::uint16_t i = 0; i < shards; ++i) {
    engine->shards_.push_back(
        std::make_unique<Shard>(*engine, i, rng.fork(fmt::format("shard {}", i))));
    auto opened = engine->shards_.back()->open_store(*incarnation, journals);
    if (!opened) return opened.error();
  }
  engine->open_history();
  for (const auto& shard : engine->shards_) engine->wake(*shard);
  return engine;
}

void Engine::open_history() {
  std::vector<ShardDoor*> doors;
  for (const auto& shard : shards_) doors.push_back(shard.get());
  history_desk_->open(std::move(doors), history_thread_);
  history_tap_.deafen(outside_.stage.planted(Planted::kRetellsNothing));
  for (const auto& shard : shards_) shard->store->tell_recovered();
  history_tap_.deafen(false);
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

void Engine::stop_call(FunctionId function, const CallId& id) {
  history_desk_->stop(function, id, ShardIndex{0}, [this, id](StopResult result) {
    outside_.stage.seen.tell(&Observer::on_stop_answered, id, result);
  });
}

// A question sees all that was told before it was asked, but for a history whose disk is full.
void Engine::audit() {
  outside_.stage.seen.tell(&Observer::on_history_asked);
  const auto question = [this, told = history_tap_.told()](history::History& history) {
    const bool up_to_date = std::all_of(told.begin(), told.end(), [&](const auto& mark) {
      return history.mark_of(mark.first) >= mark.second;
    });
    outside_.stage.seen.tell(&Observer::on_history, *this, history, up_to_date);
  };
  history_desk_->ask(ShardIndex{0}, question, [] {});
}

void Engine::drain() {
  for (const auto& shard : shards_) {
    turn(*shard, [&] {
      shard->invoker.end_waits();
      if (outside_.stage.planted(Planted::kClaimsWhileDrained)) return;
      shard->deliverer.drain();
      shard->dispatcher.drain();
    });
  }
}

void Engine::cut() {
  for (const auto& shard : shards_) {
    turn(*shard, [&] { (void)shard->dispatcher.cut(); });
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

std::size_t Engine::busy() const {
  std::size_t busy = 0;
  for (const auto& shard : shards_) {
    busy += shard->invoker.calls_open() + shard->pump.calls_open() + shard->deliverer.under_way();
  }
  return busy;
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
    add("deliveries under way", shard->deliverer.under_way());
    add("answers owed", shard->invoker.calls_open());
    add("timers", shard->wheel.size());
    add("queued calls", counts.ready + counts.delayed + counts.claimed);
  }
  add("letters", post_office_.letters());
  add("places of the account", account_.used());
  return left;
}

}  // namespace convoke::sim
