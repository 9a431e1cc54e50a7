#include "tests/sim/shared/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/api/invoke.h"
#include "core/dispatch/deliverer.h"
#include "core/dispatch/dispatcher.h"
#include "core/dispatch/pump.h"
#include "core/registry/directory.h"
#include "tests/sim/receivers.h"
#include "tests/sim/shared/witness.h"

namespace convoke::sim::shared {
namespace {

const std::string kDeliveryKey = "a key that signs";
// Between the end of a turn that has work left and the next.
constexpr Duration kTurnAgain = std::chrono::microseconds{200};

// The server's own scripts see to names.
class FreeNames final : public Names {
 public:
  explicit FreeNames(TurnIn turn_in) : turn_in_(std::move(turn_in)) {}
  void reserve(FunctionId, const std::string&, Reserved reserved) override {
    turn_in_(kTurnAgain, [reserved = std::move(reserved)] { reserved({}); });
  }
  void release(FunctionId, const std::string&) override {}
  [[nodiscard]] Result<void> keeps_up() const override { return {}; }

 private:
  const TurnIn turn_in_;
};

}  // namespace

struct Engine::Shard {
  Shard(Engine& made, std::uint16_t index, redis::Options options, Rng chance)
      : engine(made),
        self(ShardIndex{index}),
        turn_in([&made, index](Duration delay, std::function<void()> what) {
          made.turn_in(index, delay, std::move(what));
        }),
        wheel(clock().now()),
        wires(engine.outside_.network.client(turn_in)),
        workers(stage(), chance.fork("instances"), turn_in),
        mail(engine.post_office_, self),
        guard(clock(), directory, engine.ledger_, [](std::string_view) {}),
        tokens(stage().seal),
        dispatcher({clock(), wheel, workers, engine.gates_, engine.account_, engine.lease_,
                    directory, mail, engine.lineages(), &guard},
                   engine.options_.dispatch),
        pump(self,
             {clock(), wheel, directory, stage().planted(Planted::kLooksAway) ? nullptr : &guard},
             chance.fork("retries"), [](std::string_view) {}),
        witness(stage(), engine.who_, pump),
        store(std::move(options), {*wires, clock(), wheel}, chance.fork("store"), witness),
        poster(stage(), chance.fork("receivers"), turn_in),
        deliverer({clock(), directory, poster, kDeliveryKey}, chance.fork("deliveries"),
                  [](std::string_view) {}),
        names(turn_in),
        invoker(self,
                {clock(), wheel, directory, dispatcher, witness, names, &store.archive(),
                 kAsyncEventBytesMax, engine.lineages(), &tokens, &guard},
                engine.outside_.respond) {
    witness.watch(store);
    dispatcher.attach(invoker, pump, pump);
    deliverer.attach(witness);
    pump.attach(witness, dispatcher, invoker, &deliverer);
  }
  [[nodiscard]] Stage& stage() const { return engine.outside_.stage; }
  [[nodiscard]] const Clock& clock() const { return engine.outside_.clock; }

  Engine& engine;
  const ShardIndex self;
  const TurnIn turn_in;
  TimerWheel wheel;
  const std::unique_ptr<Wires> wires;
  ScriptedWorkers workers;
  Directory directory;
  ShardMail mail;
  LineageGuard guard;
  TokenReader tokens;
  Dispatcher dispatcher;
  Pump pump;
  Witness witness;
  redis::RedisStore store;
  SimPoster poster;
  Deliverer deliverer;
  FreeNames names;
  Invoker invoker;
  std::optional<Instant> armed;
  bool turns_again = false;
};

Engine::Engine(Outside outside, const EngineOptions& options, Holder who,
               const std::vector<std::vector<std::uint64_t>>& last_lives, const Rng& rng)
    : outside_(std::move(outside)),
      options_(options),
      who_(who),
      rng_(rng.fork("engine")),
      gates_(static_cast<std::uint16_t>(last_lives.size())),
      account_(options.account_max),
      running_(rng_.fork("places")),
      post_office_(outside_.stage, static_cast<std::uint16_t>(last_lives.size()),
                   [this](ShardIndex to, Duration delay, PostOffice::Take take) {
                     turn_in(to.value, delay, [this, to, take = std::move(take)] {
                       shards_[to.value]->dispatcher.on_letter(take());
                     });
                   }) {
  for (std::uint16_t i = 0; i < last_lives.size(); ++i) {
    redis::Options made;
    made.link.target.address = options.server;
    made.link.name = fmt::format("convoke-{}", i);
    made.lease = options.lease;
    made.depth_per_function_max = options.depth_per_function_max;
    made.predecessors = last_lives[i];
    made.entered = [this, i](std::uint64_t life) { outside_.entered(ShardIndex{i}, life); };
    made.leased = [this, i](Instant until) { lease_.set_claims_of(ShardIndex{i}, until); };
    shards_.push_back(
        std::make_unique<Shard>(*this, i, std::move(made), rng.fork(fmt::format("shard {}", i))));
  }
  for (const auto& shard : shards_) wake(*shard);
}

Engine::~Engine() = default;

// ---- turns ----

void Engine::turn(Shard& shard, const std::function<void()>& what) {
  what();
  shard.wheel.advance(outside_.clock.now());
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
        if (!alive.expired()) turn_or_hold(shard, what);
      });
}

void Engine::turn_or_hold(std::uint16_t shard, const std::function<void()>& what) {
  if (paused_) return held_.push_back({shard, what});
  turn(*shards_[shard], what);
}

// Whether its timers or its sockets come first when it goes on is chance.
void Engine::resume() {
  if (!std::exchange(paused_, false)) return;
  if (rng_.one_in(2)) {
    for (const auto& shard : shards_) turn(*shard, [] {});
  }
  for (const Event& event : std::exchange(held_, {})) turn(*shards_[event.shard], event.what);
}

void Engine::wake(Shard& shard) {
  const auto wakeup = shard.wheel.next_wakeup();
  if (!wakeup || *wakeup == kNever) return;
  const Instant now = outside_.clock.now();
  const Instant when = std::max(*wakeup, now + kTurnAgain);
  if (shard.armed && *shard.armed <= when) return;
  shard.armed = when;
  turn_in(shard.self.value, when - now, [&shard, when] {
    if (shard.armed == when) shard.armed.reset();
  });
}

// ---- what comes from outside ----

void Engine::request(ShardIndex at, http::ExchangeId exchange, const CallId& id,
                     const std::string& function, http::Request request) {
  const auto kept = std::make_shared<http::Request>(std::move(request));
  turn_or_hold(at.value, [this, at, exchange, id, function, kept] {
    shards_[at.value]->invoker.invoke(exchange, id, {"default", "", function}, std::move(*kept));
  });
}

void Engine::client_gone(ShardIndex at, http::ExchangeId exchange) {
  turn_or_hold(at.value,
               [this, at, exchange] { shards_[at.value]->invoker.client_gone(exchange); });
}

void Engine::apply(const Change& change) {
  for (std::uint16_t i = 0; i < shards(); ++i) {
    turn_or_hold(i, [this, i, change] {
      shards_[i]->directory.apply(change);
      if (const auto* put = std::get_if<FunctionPut>(&change.what)) {
        shards_[i]->dispatcher.on_function(put->function);
      }
    });
  }
}

void Engine::stop_call(FunctionId function, const CallId& id) {
  const auto at = static_cast<std::uint16_t>(rng_.below(shards_.size()));
  turn_or_hold(at, [this, at, function, id] {
    shards_[at]->pump.stop(function, id, [this, id](StopResult result) {
      outside_.stage.seen.tell(&Observer::on_stop_answered, id, result);
    });
  });
}

std::string Engine::left_over() const {
  std::string left;
  const auto add = [&left](const char* what, std::size_t count) {
    if (count > 0) left += fmt::format("{}{} {}", left.empty() ? "" : ", ", count, what);
  };
  for (const auto& shard : shards_) {
    add("calls here", shard->dispatcher.calls_here());
    add("instances", shard->dispatcher.instances());
    add("calls open in the pump", shard->pump.calls_open());
    add("deliveries under way", shard->deliverer.under_way());
    add("answers owed", shard->invoker.calls_open());
  }
  add("letters", post_office_.letters());
  add("places of the account", account_.used());
  return left;
}

}  // namespace convoke::sim::shared
