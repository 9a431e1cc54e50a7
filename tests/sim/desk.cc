#include "tests/sim/desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace convoke::sim {
namespace {

constexpr Duration kVisitMax = Millis{20};

}  // namespace

Desk::Desk(Stage& stage, std::uint32_t functions) : stage_(stage), rng_(stage.rng.fork("desk")) {
  auto service = std::make_shared<Service>();
  service->name = "default";
  service_ = std::move(service);
  for (std::uint32_t i = 0; i < functions; ++i) functions_.push_back(made(fmt::format("f{}", i)));
  for (const FunctionPtr& function : functions_) configs_[function->id] = draw_config(*function);
}

// An outcome goes to functions of higher names alone: what goes in circles comes to no end.
std::optional<Destination> Desk::draw_destination(const Function& function) {
  const std::uint64_t kind = rng_.below(4);
  if (kind == 0) return std::nullopt;
  const std::string to = function.spec.name.substr(0, 1) +
                         std::to_string(std::stoul(function.spec.name.substr(1)) + 1);
  const std::string text = kind == 1 ? "acs:fc:::services/default/functions/" + to
                                     : "http://receiver.example/" + function.spec.name;
  return *parse_destination("destination", text);
}

AsyncConfigPtr Desk::draw_config(const Function& function) {
  auto config = std::make_shared<AsyncConfig>();
  config->service = "default";
  config->qualifier = kLatest;
  config->function = function.spec.name;
  config->function_id = function.id;
  config->on_success = draw_destination(function);
  config->on_failure = draw_destination(function);
  if (rng_.one_in(2)) config->retries_max = static_cast<std::uint32_t>(rng_.below(9));
  if (rng_.one_in(3)) config->age_max = Seconds{1 + rng_.below(rng_.one_in(2) ? 20 : 600)};
  if (rng_.one_in(4)) config->stateful = true;
  return config;
}

FunctionPtr Desk::made(const std::string& name) {
  auto function = std::make_shared<Function>();
  function->id = FunctionId{next_id_++};
  function->spec.service = "default";
  function->spec.name = name;
  function->spec.timeout = Seconds{1 + rng_.below(rng_.one_in(4) ? 60 : 8)};
  function->spec.instance_concurrency =
      rng_.one_in(2) ? 1 : 2 + static_cast<unsigned>(rng_.below(3));
  return function;
}

void Desk::open(Engine& engine) {
  engine_ = &engine;
  to_visit_ = 0;
  ++version_;
  for (const auto& [id, limit] : limits_) engine.gates().of(id)->set_limit(limit);
  for (std::uint16_t i = 0; i < engine.shards(); ++i) {
    engine.apply(ShardIndex{i}, {version_, ServicePut{service_}});
    for (const FunctionPtr& function : functions_) {
      engine.apply(ShardIndex{i}, {version_, FunctionPut{function}});
      engine.apply(ShardIndex{i}, {version_, AsyncConfigPut{configs_.at(function->id)}});
    }
  }
  for (const auto& [id, config] : configs_) {
    Changed known;
    known.function = id;
    known.what = Changed::What::kConfigured;
    known.config = config;
    stage_.seen.tell(&Observer::on_answered, known);
  }
}

const FunctionPtr& Desk::any_function(Rng& rng) const {
  return functions_[rng.below(functions_.size())];
}

FunctionPtr Desk::find(const std::string& name) const {
  for (const FunctionPtr& function : functions_) {
    if (function->spec.name == name) return function;
  }
  return nullptr;
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
  const auto found = limits_.find(function);
  std::uint32_t limit = found == limits_.end() ? kUnlimited : found->second;
  if (stage_.planted(Planted::kLimitPlusOne) && limit != 0 && limit != kUnlimited) ++limit;
  engine_->gates().of(function)->set_limit(limit);
}

// ---- the changes there are ----

FunctionPtr Desk::pick() { return any_function(rng_); }

void Desk::set_limit(const FunctionPtr& function, std::uint32_t limit) {
  Changed changed;
  changed.function = function->id;
  changed.limit = limit;
  if (limit == kUnlimited) {
    limits_.erase(function->id);
    return commit(changed,
                  LimitGone{limit_resource("default", "", function->spec.name), function->id}, {});
  }
  limits_[function->id] = limit;
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
  const auto found = limits_.find(function->id);
  const bool on = found != limits_.end() && found->second == 0;
  set_limit(function, on ? kUnlimited : 0);
}

void Desk::replace_function() {
  if (busy()) return;
  const FunctionPtr old = pick();
  functions_.erase(std::find(functions_.begin(), functions_.end(), old));
  limits_.erase(old->id);
  configs_.erase(old->id);
  FunctionPtr next = made(old->spec.name);
  configs_[next->id] = draw_config(*next);
  functions_.push_back(next);  // what is committed at last, if the engine dies between the two
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
      configured.config = configs_.at(next->id);
      commit(configured, AsyncConfigPut{configured.config}, {});
    });
  });
}

void Desk::update_function() {
  if (busy()) return;
  FunctionPtr& function = functions_[rng_.below(functions_.size())];
  auto next = std::make_shared<Function>(*function);
  ++next->revision;
  function = next;
  Changed changed;
  changed.function = next->id;
  changed.what = Changed::What::kUpdated;
  changed.revision = next->revision;
  commit(changed, FunctionPut{next}, {});
}

void Desk::stop_first() { limits_[functions_.front()->id] = 0; }

void Desk::lift_all() {
  if (limits_.empty()) return;
  if (!busy()) {
    const FunctionId first = limits_.begin()->first;
    for (const FunctionPtr& function : functions_) {
      if (function->id == first) {
        set_limit(function, kUnlimited);
        break;
      }
    }
  }
  stage_.agenda.in(Millis{50}, [this] { lift_all(); });
}

}  // namespace convoke::sim
