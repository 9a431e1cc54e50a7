#include "tests/sim/world.h"

#include <fmt/format.h>

#include <utility>

namespace convoke::sim {
namespace {

constexpr Duration kWeatherEvery = Millis{200};  // at most, between two changes of it
constexpr Duration kBadWeatherMax = Seconds{30};
constexpr Duration kDownMax = Seconds{5};
constexpr Duration kGraceMax = Seconds{30};
constexpr Duration kCutMax = Seconds{5};
constexpr Duration kLookEvery = Millis{20};
constexpr Duration kStallMax = Seconds{20};
// The longest delay, the longest back-off, and instances that have to start meanwhile.
constexpr Duration kCalmMax = std::chrono::minutes{45};
constexpr std::uint64_t kTurnsMax = 2'000'000;  // of one run: beyond, it never comes to rest
constexpr std::uint16_t kShardsAtMost = 4;

std::uint32_t requests_of(const Plan& plan) {
  Rng rng = Rng::seeded(plan.seed).fork("requests");
  const auto drawn = static_cast<std::uint32_t>(20 + rng.below(200));
  return plan.requests > 0 ? plan.requests : drawn;
}

std::uint32_t functions_of(const Plan& plan) {
  return 1 + static_cast<std::uint32_t>(Rng::seeded(plan.seed).fork("functions").below(4));
}

}  // namespace

World::World(const Plan& plan)
    : stage_(plan),
      rng_(stage_.rng.fork("world")),
      trace_(stage_.clock),
      court_(stage_.clock, ledger_),
      oracles_(all_oracles(court_, stage_.seal)),
      desk_(stage_, functions_of(plan)),
      callers_(stage_, desk_.known(), {requests_of(plan), plan.backlog, 0}, stage_.rng) {
  stage_.seen.add(ledger_);  // first: the others judge by it
  stage_.seen.add(trace_);
  for (const auto& oracle : oracles_) stage_.seen.add(*oracle);
  stage_.disk.complete_by([this](const std::string& directory, fake::FakeDisk::Completion done) {
    complete_later(directory, std::move(done));
  });
  stage_.call_on = [this](const CallId& by, const CarriedLineage& with) {
    callers_.call_on(by, with);
  };
  if (stage_.planted(Planted::kAcknowledgesBeforeSync)) stage_.disk.lie_about_syncs();
  draw_options();
  if (plan.backlog == 0) return;
  desk_.stop_first();
  options_.depth_max = 1'000'000;
  // Hundreds of ends in one turn: some find no room for what they say for the history, as on a full
  // disk, however much room there is. Not mended yet.
  stage_.seen.tell(&Observer::on_disk_full);
  options_.ready_in_memory = 4 + rng_.below(100);
}

World::~World() = default;

void World::draw_options() {
  shards_ = static_cast<std::uint16_t>(1 + rng_.below(kShardsAtMost));
  options_.dispatch.sync_wait_max = Seconds{1 + rng_.below(30)};
  options_.dispatch.sync_waiters_max = rng_.one_in(3) ? 5 : 10'000;
  options_.dispatch.idle_max = Seconds{1 + rng_.below(30)};
  options_.dispatch.starts_max = 1 + static_cast<std::uint32_t>(rng_.below(4));
  options_.account_max = rng_.one_in(3) ? 2 + static_cast<std::uint32_t>(rng_.below(10)) : 300;
  options_.segment_bytes = 4096UL << rng_.below(3);
  options_.ready_in_memory = rng_.one_in(2) ? 1 + rng_.below(20) : 0;
  options_.event_bytes_in_memory_max = rng_.one_in(2) ? rng_.below(2000) : 1 << 20;
  options_.depth_max = rng_.one_in(3) ? 5 + rng_.below(40) : 1'000'000;
}

// ---- the two phases ----

void World::run() {
  start();
  storm();
  calm();
  if (court_.verdict()) return;
  if (engine_ == nullptr) return court_.red("I11", "no engine is running at the end");
  stage_.seen.tell(&Observer::at_end, *engine_);
  stage_.seen.tell(&Observer::at_rest, engine_->left_over());
}

void World::storm() {
  callers_.begin();
  weather();
  while (!callers_.all_sent() && !court_.verdict()) run_until(stage_.clock.now() + Seconds{1});
  run_until(stage_.clock.now() + between(rng_, Duration{0}, Seconds{60}));
}

void World::calm() {
  calm_ = true;
  stage_.chaos.calm();
  stage_.disk.set_capacity(~std::uint64_t{0});
  stage_.disk.fail_reads(false);
  history_.make_room();
  trace_.note("calm");
  if (poisoned_ && engine_ != nullptr) crash();
  desk_.lift_all();
  run_until(stage_.clock.now() + kCalmMax);
}

void World::run_until(Instant end) {
  Agenda& agenda = stage_.agenda;
  while (!agenda.empty() && agenda.next() <= end && !court_.verdict()) {
    agenda.step();
    if (std::exchange(crash_due_, false)) crash();
    if (trace_.turns() > kTurnsMax) court_.red("I11", "the world does not come to rest");
  }
  if (!court_.verdict() && !calm_) stage_.clock.reach(std::max(end, stage_.clock.now()));
}

// ---- lives ----

void World::start() {
  ++lives_;
  Chaos& chaos = stage_.chaos;
  if (chaos.strikes(Fault::kOtherShards)) {
    shards_ = static_cast<std::uint16_t>(1 + rng_.below(kShardsAtMost));
  }
  journals_ = std::max<std::uint32_t>(journals_, shards_);
  auto started =
      Engine::start({stage_, spent_, history_,
                     [this](http::ExchangeId exchange, const http::Response& response) {
                       callers_.on_response(exchange, response);
                     },
                     [this] { turned(); }},
                    options_, shards_, journals_, stage_.rng.fork(fmt::format("life {}", lives_)));
  if (!started) return court_.red("I1", "the engine does not start: " + started.error().message);
  engine_ = *std::move(started);
  stage_.seen.tell(&Observer::on_restart, *engine_);
  desk_.open(*engine_);
  engine_->audit();
  callers_.meet(engine_.get());
  if (chaos.strikes(Fault::kCrashAtStart)) {
    stage_.agenda.in(between(chaos.rng(Fault::kCrashAtStart), Duration{0}, Millis{5}),
                     [this, life = lives_] { crash_due_ |= life == lives_; });
  }
}

void World::crash() {
  if (engine_ == nullptr) return;
  end_life(static_cast<fake::Unsynced>(stage_.chaos.rng(Fault::kCrash).below(3)));
}

void World::end_life(fake::Unsynced unsynced) {
  desk_.engine_died();
  callers_.engine_died();
  engine_.reset();
  Rng& chance = stage_.chaos.rng(Fault::kCrash);
  stage_.disk.crash(unsynced, chance);
  disk_pending_ = 0;
  poisoned_ = false;
  draining_ = false;
  stage_.seen.tell(&Observer::on_crash);
  stage_.agenda.in(between(chance, Duration{0}, kDownMax), [this] { start(); });
}

// As core/engine does it: no connection and no claim more, then patience, then none.
void World::drain() {
  if (engine_ == nullptr || std::exchange(draining_, true)) return;
  callers_.stop_sending();
  engine_->drain();
  stage_.seen.tell(&Observer::on_drain);
  Rng& chance = stage_.chaos.rng(Fault::kDrained);
  wait_until_quiet(stage_.clock.now() + between(chance, Duration{0}, kGraceMax), false);
}

void World::wait_until_quiet(Instant until, bool cut) {
  stage_.agenda.in(kLookEvery, [this, life = lives_, until, cut] {
    if (life != lives_ || engine_ == nullptr) return;
    if (engine_->busy() == 0 || stage_.planted(Planted::kStopsAtOnce)) {
      stage_.seen.tell(&Observer::on_drained, callers_.unanswered());
      return end_life(fake::Unsynced::kKept);
    }
    if (stage_.clock.now() < until) return wait_until_quiet(until, cut);
    if (cut) return end_life(fake::Unsynced::kKept);
    engine_->cut();
    wait_until_quiet(stage_.clock.now() + kCutMax, true);
  });
}

void World::turned() {
  trace_.turned();
  stage_.seen.tell(&Observer::after_turn, *engine_);
  const std::uint32_t likelier = disk_pending_ > 0 ? 10 : 1;
  if (stage_.chaos.strikes(Fault::kCrash, likelier)) crash_due_ = true;
}

// ---- the disk ----

void World::complete_later(const std::string& directory, fake::FakeDisk::Completion completion) {
  const bool stalls = stage_.chaos.strikes(Fault::kDiskStalls);
  static Duration unseeded{0};
  if (stage_.planted(Planted::kUnseeded)) ++unseeded;
  ++disk_pending_;
  stage_.agenda.in(
      between(rng_, std::chrono::microseconds{50}, stalls ? kStallMax : Millis{3}) + unseeded,
      [this, life = lives_, directory, completion = std::move(completion)] {
        if (life != lives_ || engine_ == nullptr) return;
        --disk_pending_;
        engine_->complete(directory, completion);
      });
}

// ---- the weather ----

void World::weather() {
  stage_.agenda.in(between(rng_, Duration{0}, kWeatherEvery), [this] {
    if (calm_) return;
    Chaos& chaos = stage_.chaos;
    weather_of_disk();
    if (chaos.strikes(Fault::kWallSteps)) {
      Rng& chance = chaos.rng(Fault::kWallSteps);
      stage_.clock.step_wall(Millis{chance.below(10'000)} - Millis{5'000});
    }
    if (chaos.strikes(Fault::kLimitChanges)) desk_.change_limit();
    if (chaos.strikes(Fault::kKillSwitch)) desk_.flip_kill_switch();
    if (chaos.strikes(Fault::kFunctionDeleted)) desk_.replace_function();
    if (chaos.strikes(Fault::kFunctionUpdated)) desk_.update_function();
    if (chaos.strikes(Fault::kStaleReceipt)) use_stale_receipt();
    if (chaos.strikes(Fault::kCallStopped)) stop_some_call();
    if (chaos.strikes(Fault::kHistoryFull)) fill_history();
    if (chaos.strikes(Fault::kDrained)) drain();
    if (engine_ != nullptr && rng_.one_in(8)) engine_->audit();
    weather();
  });
}

void World::weather_of_disk() {
  Chaos& chaos = stage_.chaos;
  fake::FakeDisk& disk = stage_.disk;
  if (chaos.strikes(Fault::kDiskFull)) {
    stage_.seen.tell(&Observer::on_disk_full);
    disk.set_capacity(disk.used());
    stage_.agenda.in(between(chaos.rng(Fault::kDiskFull), Duration{0}, kBadWeatherMax),
                     [&disk] { disk.set_capacity(~std::uint64_t{0}); });
  }
  if (chaos.strikes(Fault::kReadFails)) {
    disk.fail_reads(true);
    stage_.agenda.in(between(chaos.rng(Fault::kReadFails), Duration{0}, kBadWeatherMax),
                     [&disk] { disk.fail_reads(false); });
  }
  if (engine_ != nullptr && chaos.strikes(Fault::kSyncFails)) {
    disk.fail_syncs();
    poisoned_ = true;
    stage_.agenda.in(between(chaos.rng(Fault::kSyncFails), Duration{0}, kBadWeatherMax),
                     [this, life = lives_] { crash_due_ |= life == lives_; });
  }
}

void World::use_stale_receipt() {
  if (engine_ == nullptr || spent_.empty()) return;
  Rng& chance = stage_.chaos.rng(Fault::kStaleReceipt);
  const Receipt receipt = spent_.any(chance);
  for (std::uint16_t i = 0; i < engine_->shards(); ++i) engine_->use_stale(ShardIndex{i}, receipt);
}

void World::stop_some_call() {
  if (engine_ == nullptr || ledger_.calls().empty()) return;
  auto any = ledger_.calls().begin();
  const std::uint64_t nth = stage_.chaos.rng(Fault::kCallStopped).below(ledger_.calls().size());
  std::advance(any, static_cast<std::ptrdiff_t>(nth));
  if (any->second.is_delivery) return;  // nobody knows its id
  engine_->stop_call(any->second.sent.function, any->first);
}

void World::fill_history() {
  history_.fill();
  stage_.seen.tell(&Observer::on_history_full);
  const Duration lasts =
      between(stage_.chaos.rng(Fault::kHistoryFull), Duration{0}, kBadWeatherMax);
  stage_.agenda.in(lasts, [this] { history_.make_room(); });
  look_after_history(stage_.clock.now() + lasts + 2 * HistoryDesk::kRetry);
}

// As shard 0 does every second.
void World::look_after_history(Instant until) {
  stage_.agenda.in(HistoryDesk::kRetry, [this, until] {
    if (engine_ != nullptr) engine_->retry_history();
    if (stage_.clock.now() < until) look_after_history(until);
  });
}

}  // namespace convoke::sim
