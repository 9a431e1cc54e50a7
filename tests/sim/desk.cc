#include "tests/sim/desk.h"

#include <algorithm>
#include <utility>

namespace convoke::sim {
namespace {

constexpr Duration kVisitMax = Millis{20};

}  // namespace

Desk::Desk(Stage& stage, std::uint32_t functions)
    : stage_(stage), rng_(stage.rng.fork("desk")), known_(rng_, functions) {}

void Desk::open(Engine& engine) {
  engine_ = &engine;
  to_visit_ = 0;
  ++version_;
  for (const auto& [id, limit] : known_.limits) engine.gates().of(id)->set_limit(limit);
  for (std::uint16_t i = 0; i < engine.shards(); ++i) {
    known_.tell(version_, [&](const Change& change) { engine.apply(ShardIndex{i}, change); });
  }
  for (const auto& [id, config] : known_.configs) {
    Changed known;
    known.function = id;
    known.what = Changed::What::kConfigured;
    known.config = config;
    stage_.seen.tell(&Observer::on_answered, known);
  }
}

// ---- one change on its way ----

void Desk::commit(Changed changed, decltype(Change::what) what, std::function<void()> then) {
  const auto change = std::make_shared<const Change>(Change{++version_, std::move(what)});
  changed_ = changed;
  then_ = std::move(then);
  to_visit_ = engine_->shards();
  stage_.seen.tell(&Observer::on_committed, changed_);
  // Planted: the answer is out when the shards have yet to hear of it.
  const bool halfway = stage_.planted(Planted::kKillSwitchHalfway);
  if (halfway) stage_.seen.tell(&Observer::on_answered, changed_);
  stage_.agenda.in(halfway ? kVisitMax : Duration{0}, [this, life = life_, change] {
    if (life == life_) tour(change);
  });
}

void Desk::tour(const std::shared_ptr<const Change>& change) {
  if (changed_.what == Changed::What::kLimit) set_gate(changed_.function);
  for (std::uint16_t i = 0; i < engine_->shards(); ++i) {
    stage_.agenda.in(between(rng_, Duration{0}, kVisitMax), [this, life = life_, i, change] {
      if (life != life_) return;  // the engine died; the change stands
      engine_->apply(ShardIndex{i}, *change);
      visited();
    });
  }
}

void Desk::visited() {
  if (--to_visit_ > 0) return;
  if (changed_.what == Changed::What::kDeleted) engine_->gates().forget(changed_.function);
  if (!stage_.planted(Planted::kKillSwitchHalfway)) {
    stage_.seen.tell(&Observer::on_answered, changed_);
  }
  if (const auto then = std::exchange(then_, nullptr)) then();
}

void Desk::set_gate(FunctionId function) {
  const auto found = known_.limits.find(function);
  std::uint32_t limit = found == known_.limits.end() ? kUnlimited : found->second;
  if (stage_.planted(Planted::kLimitPlusOne) && limit != 0 && limit != kUnlimited) ++limit;
  engine_->gates().of(function)->set_limit(limit);
}

// ---- the changes there are ----

FunctionPtr Desk::pick() { return known_.any_function(rng_); }

void Desk::set_limit(const FunctionPtr& function, std::uint32_t limit) {
  Changed changed;
  changed.function = function->id;
  changed.limit = limit;
  if (limit == kUnlimited) {
    known_.limits.erase(function->id);
    return commit(changed,
                  LimitGone{limit_resource("default", "", function->spec.name), function->id}, {});
  }
  known_.limits[function->id] = limit;
  auto put = std::make_shared<OnDemandLimit>();
  put->resource = limit_resource("default", "", function->spec.name);
  put->service = "default";
  put->function = function->spec.name;
  put->function_id = function->id;
  put->maximum_instance_count = limit;
  commit(changed, LimitPut{std::move(put)}, {});
}

void Desk::change_limit() {
  if (!busy()) set_limit(pick(), 1 + static_cast<std::uint32_t>(rng_.below(4)));
}

void Desk::flip_kill_switch() {
  if (busy()) return;
  const FunctionPtr function = pick();
  const auto found = known_.limits.find(function->id);
  const bool on = found != known_.limits.end() && found->second == 0;
  set_limit(function, on ? kUnlimited : 0);
}

void Desk::replace_function() {
  if (busy()) return;
  const FunctionPtr old = pick();
  known_.functions.erase(std::find(known_.functions.begin(), known_.functions.end(), old));
  known_.limits.erase(old->id);
  known_.configs.erase(old->id);
  FunctionPtr next = known_.made(old->spec.name);
  known_.configs[next->id] = known_.draw_config(*next);
  known_.functions.push_back(
      next);  // what is committed at last, if the engine dies between the two
  Changed deleted;
  deleted.function = old->id;
  deleted.what = Changed::What::kDeleted;
  commit(deleted, FunctionGone{old->id, "default", old->spec.name}, [this, next] {
    Changed created;
    created.function = next->id;
    created.what = Changed::What::kCreated;
    commit(created, FunctionPut{next}, [this, next] {
      Changed configured;
      configured.function = next->id;
      configured.what = Changed::What::kConfigured;
      configured.config = known_.configs.at(next->id);
      commit(configured, AsyncConfigPut{configured.config}, {});
    });
  });
}

void Desk::update_function() {
  if (busy()) return;
  FunctionPtr& function = known_.functions[rng_.below(known_.functions.size())];
  auto next = std::make_shared<Function>(*function);
  ++next->revision;
  function = next;
  Changed changed;
  changed.function = next->id;
  changed.what = Changed::What::kUpdated;
  changed.revision = next->revision;
  commit(changed, FunctionPut{next}, {});
}

void Desk::stop_first() { known_.limits[known_.functions.front()->id] = 0; }

void Desk::lift_all() {
  if (known_.limits.empty()) return;
  if (!busy()) {
    const FunctionId first = known_.limits.begin()->first;
    for (const FunctionPtr& function : known_.functions) {
      if (function->id == first) {
        set_limit(function, kUnlimited);
        break;
      }
    }
  }
  stage_.agenda.in(Millis{50}, [this] { lift_all(); });
}

}  // namespace convoke::sim
