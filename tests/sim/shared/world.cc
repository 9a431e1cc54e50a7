#include "tests/sim/shared/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace convoke::sim::shared {
namespace {

constexpr Duration kWeatherEvery = Millis{200};  // at most, between two changes of it
constexpr Duration kBadWeatherMax = Seconds{30};
constexpr Duration kDownMax = Seconds{5};
constexpr Duration kLoadingMax = Seconds{5};
// The longest delay and the longest back-off; a lease that is lost, and instances that start.
constexpr Duration kCalmMax = std::chrono::minutes{50};
constexpr std::uint64_t kTurnsMax = 5'000'000;  // of one run: beyond, it never comes to rest
constexpr std::uint16_t kShardsAtMost = 2;
constexpr std::uint32_t kNumbersOfAMachine = 1'000'000;  // for its callers' requests

struct Size {
  std::uint32_t machines = 2;
  std::uint32_t functions = 1;
  std::uint32_t requests = 0;
};

Size size_of(const Plan& plan) {
  Rng rng = Rng::seeded(plan.seed).fork("size");
  Size size;
  size.machines = rng.one_in(3) ? 3 : 2;
  size.functions = 1 + static_cast<std::uint32_t>(rng.below(3));
  size.requests = 20 + static_cast<std::uint32_t>(rng.below(150));
  if (plan.requests > 0) size.requests = plan.requests;
  return size;
}

}  // namespace

World::Machine::Machine(Stage& stage, const Definitions& known, const Crowd& crowd,
                        std::uint32_t made)
    : number(made),
      clock(stage.clock),
      rng(stage.rng.fork(fmt::format("machine {}", made))),
      callers(stage, known, crowd, rng) {}

World::World(const Plan& plan)
    : stage_(plan),
      rng_(stage_.rng.fork("world")),
      definitions_rng_(stage_.rng.fork("definitions")),
      known_(definitions_rng_, size_of(plan).functions),
      trace_(stage_.clock),
      court_(stage_.clock, ledger_),
      network_(stage_),
      server_clock_(stage_.clock),
      server_(network_.server(), server_clock_, {}),
      books_(stage_, server_),
      oracles_(all_oracles({court_, attempts_, books_, highest_wall_, stage_.seal})) {
  // First those by whom the others judge.
  stage_.seen.add(ledger_);
  stage_.seen.add(attempts_);
  stage_.seen.add(trace_);
  for (const auto& oracle : oracles_) stage_.seen.add(*oracle);
  stage_.call_on = [this](const CallId& by, const CarriedLineage& with) { call_on(by, with); };
  draw_options();
  const Size size = size_of(plan);
  for (std::uint32_t i = 0; i < size.machines; ++i) {
    const Crowd crowd{1 + size.requests / size.machines, 0, i * kNumbersOfAMachine};
    machines_.push_back(std::make_unique<Machine>(stage_, known_, crowd, i));
    machines_.back()->shards = static_cast<std::uint16_t>(1 + rng_.below(kShardsAtMost));
  }
}

World::~World() = default;

// By way of any of the engines.
void World::call_on(const CallId& by, const CarriedLineage& with) {
  Machine& machine = *machines_[chance_of(Fault::kCallsOn).below(machines_.size())];
  machine.callers.call_on(by, with);
}

void World::draw_options() {
  options_.server = stand_in::ServerOptions{}.at;
  options_.dispatch.sync_wait_max = Seconds{1 + rng_.below(30)};
  options_.dispatch.sync_waiters_max = rng_.one_in(3) ? 5 : 10'000;
  options_.dispatch.idle_max = Seconds{1 + rng_.below(30)};
  options_.dispatch.starts_max = 1 + static_cast<std::uint32_t>(rng_.below(4));
  options_.account_max = rng_.one_in(3) ? 2 + static_cast<std::uint32_t>(rng_.below(10)) : 300;
  options_.lease = rng_.one_in(2) ? redis::kLeaseDefault : Seconds{6};
  options_.depth_per_function_max = rng_.one_in(4) ? 5 + rng_.below(40) : 1'000'000;
}

// ---- the two phases ----

void World::run() {
  for (const auto& machine : machines_) {
    start(*machine);
    machine->callers.begin();
  }
  storm();
  calm();
  if (!court_.verdict()) stage_.seen.tell(&Observer::at_rest, left_over());
}

void World::storm() {
  weather();
  const auto all_sent = [](const auto& machine) { return machine->callers.all_sent(); };
  while (!std::all_of(machines_.begin(), machines_.end(), all_sent) && !court_.verdict()) {
    run_until(stage_.clock.now() + Seconds{1});
  }
  run_until(stage_.clock.now() + between(rng_, Duration{0}, Seconds{60}));
}

void World::calm() {
  calm_ = true;
  stage_.chaos.calm();
  server_.start();
  server_.resume();
  server_.set_loading(false);
  server_.set_memory(stand_in::Memory::kEnough);
  trace_.note("calm");
  const Instant until = stage_.clock.now() + kCalmMax;
  while (stage_.clock.now() < until && !court_.verdict()) {
    run_until(stage_.clock.now() + Seconds{1});
    look();
    if (!left_over().empty()) continue;
    if (books_.calls().empty()) return;
    if (nobody_knows_of_what_is_left()) crash(*machines_.front());  // who starts looks for it
  }
}

// A command that was executed long after its connection had ended may have accepted calls. Their
// callers were told that nobody knows; so it is, until the function is asked for again, or an
// engine starts.
bool World::nobody_knows_of_what_is_left() const {
  const std::set<CallId> left = books_.calls();
  return std::all_of(left.begin(), left.end(), [this](const CallId& id) {
    const Account* const call = ledger_.find(id);
    const bool said = call != nullptr && (call->acknowledged || call->claims > 0);
    return !said;
  });
}

void World::run_until(Instant end) {
  Agenda& agenda = stage_.agenda;
  while (!agenda.empty() && agenda.next() <= end && !court_.verdict()) {
    agenda.step();
    for (const auto& machine : machines_) {
      if (machine->dies) crash(*machine);
    }
    if (trace_.turns() > kTurnsMax) court_.red("I11", "the world does not come to rest");
  }
  if (!court_.verdict()) stage_.clock.reach(std::max(end, stage_.clock.now()));
}

std::string World::left_over() const {
  std::string left;
  for (const auto& machine : machines_) {
    std::string here = machine->engine ? machine->engine->left_over() : "it is down";
    if (machine->callers.unanswered() > 0) here += " callers wait";
    if (here.empty()) continue;
    left += fmt::format("{}engine {}: {}", left.empty() ? "" : "; ", machine->number, here);
  }
  return left;
}

void World::look() { stage_.seen.tell(&Observer::on_look); }

// ---- lives ----

void World::start(Machine& machine) {
  if (stage_.chaos.strikes(Fault::kOtherShards)) {
    machine.shards = static_cast<std::uint16_t>(1 + rng_.below(kShardsAtMost));
  }
  if (stage_.chaos.strikes(Fault::kForgetsLives)) machine.last_lives.clear();
  const std::uint64_t life = machine.life = ++lives_;
  // As core/shared_store deals them out: those of shards that are no more go to the first.
  machine.last_lives.resize(std::max<std::size_t>(machine.last_lives.size(), machine.shards));
  auto last_lives = machine.last_lives;
  for (std::size_t i = machine.shards; i < last_lives.size(); ++i) {
    last_lives[0].insert(last_lives[0].end(), last_lives[i].begin(), last_lives[i].end());
  }
  last_lives.resize(machine.shards);
  machine.engine = std::make_unique<Engine>(
      Engine::Outside{stage_, network_, machine.clock,
                      [&machine](http::ExchangeId exchange, const http::Response& response) {
                        machine.callers.on_response(exchange, response);
                      },
                      [&machine](ShardIndex shard, std::uint64_t incarnation) {
                        machine.last_lives[shard.value] = {incarnation};
                      },
                      [this, &machine] { turned(machine); }},
      options_, Holder{machine.number, life, 0}, last_lives,
      stage_.rng.fork(fmt::format("life {}", life)));
  known_.tell(1, [&machine](const Change& change) { machine.engine->apply(change); });
  machine.callers.meet(machine.engine.get());
}

void World::crash(Machine& machine) {
  machine.dies = false;
  if (!machine.engine) return;
  machine.callers.engine_died();
  machine.engine.reset();
  trace_.note("crash of engine", machine.number);
  stage_.seen.tell(&Observer::on_life_over, machine.life);
  look();
  stage_.agenda.in(between(chance_of(Fault::kCrash), Duration{0}, kDownMax),
                   [this, &machine] { start(machine); });
}

void World::turned(Machine& machine) {
  trace_.turned();
  highest_wall_ = std::max(highest_wall_, machine.clock.wall());
  if (stage_.chaos.strikes(Fault::kCrash)) machine.dies = true;
}

void World::pause(Machine& machine) {
  if (!machine.engine || machine.engine->paused()) return;
  machine.engine->pause();
  trace_.note("engine stands still", machine.number);
  stage_.agenda.in(about_a_lease(Fault::kEnginePaused), [this, &machine, life = machine.life] {
    if (machine.life != life || !machine.engine) return;
    trace_.note("engine goes on", machine.number);
    machine.engine->resume();
  });
}

Duration World::about_a_lease(Fault fault) {
  Rng& chance = chance_of(fault);
  return between(chance, Duration{0}, chance.one_in(2) ? options_.lease / 2 : 3 * options_.lease);
}

// ---- the weather ----

void World::weather() {
  stage_.agenda.in(between(rng_, Duration{0}, kWeatherEvery), [this] {
    if (calm_) return;
    for (const auto& machine : machines_) weather_of(*machine);
    weather_of_server();
    weather_of_network();
    if (stage_.chaos.strikes(Fault::kCallStopped)) stop_some_call();
    if (rng_.one_in(4)) look();
    weather();
  });
}

void World::weather_of(Machine& machine) {
  if (stage_.chaos.strikes(Fault::kEnginePaused)) pause(machine);
  if (!stage_.chaos.strikes(Fault::kWallSteps)) return;
  machine.clock.step_wall(Millis{chance_of(Fault::kWallSteps).below(10'000)} - Millis{5'000});
}

void World::weather_of_server() {
  Chaos& chaos = stage_.chaos;
  if (chaos.strikes(Fault::kLostAtCommand)) {
    Rng& chance = chance_of(Fault::kLostAtCommand);
    server_.lose_connection(chance.one_in(2) ? stand_in::Loss::kBefore : stand_in::Loss::kAfter,
                            chance.below(6));
  }
  if (chaos.strikes(Fault::kServerDies)) server_dies();
  if (chaos.strikes(Fault::kServerStalls)) {
    trace_.note("server stands still");
    server_.pause();
    stage_.agenda.in(about_a_lease(Fault::kServerStalls), [this] {
      trace_.note("server goes on");
      server_.resume();
    });
  }
  if (chaos.strikes(Fault::kServerFull)) {
    trace_.note("server is full");
    server_.set_memory(stand_in::Memory::kNone);
    stage_.agenda.in(between(chance_of(Fault::kServerFull), Duration{0}, kBadWeatherMax), [this] {
      trace_.note("server has memory");
      server_.set_memory(stand_in::Memory::kEnough);
    });
  }
  if (chaos.strikes(Fault::kWallSteps)) {
    server_clock_.step_wall(Millis{chance_of(Fault::kWallSteps).below(10'000)} - Millis{5'000});
  }
}

void World::server_dies() {
  if (!server_.serves()) return;
  trace_.note("server dies");
  server_.crash();
  look();
  stage_.agenda.in(about_a_lease(Fault::kServerDies), [this] {
    if (server_.serves()) return;
    trace_.note("server starts");
    server_.start();
    if (!stage_.chaos.strikes(Fault::kServerLoads)) return;
    server_.set_loading(true);
    stage_.agenda.in(between(chance_of(Fault::kServerLoads), Duration{0}, kLoadingMax),
                     [this] { server_.set_loading(false); });
  });
}

void World::weather_of_network() {
  if (stage_.chaos.strikes(Fault::kWireCut)) network_.cut_one();
  if (stage_.chaos.strikes(Fault::kWireSilent)) network_.silence_one();
}

void World::stop_some_call() {
  if (ledger_.calls().empty()) return;
  Rng& chance = chance_of(Fault::kCallStopped);
  Machine& machine = *machines_[chance.below(machines_.size())];
  if (!machine.engine) return;
  auto any = ledger_.calls().begin();
  std::advance(any, static_cast<std::ptrdiff_t>(chance.below(ledger_.calls().size())));
  if (any->second.is_delivery || any->second.sent.function == FunctionId{}) return;
  machine.engine->stop_call(any->second.sent.function, any->first);
}

}  // namespace convoke::sim::shared
