#include "core/registry_desk.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstddef>
#include <utility>
#include <variant>

#include "core/guard/limit_now.h"
#include "core/registry/shown.h"
#include "core/registry/stopping.h"

namespace convoke {

struct RegistryDesk::Tour {
  RegistryStep step;
  std::size_t to_visit;
  std::vector<std::string> in_use;
  std::uint32_t calls_ended = 0;
};

namespace {

// Of changes that nobody here waits for, the numbers are not asked for.
constexpr std::size_t kCallsEndedKept = 1'000;

// For whoever reads the log later. A reason is a client's text.
void say(const Change& change) {
  if (const auto* gone = std::get_if<SwitchGone>(&change.what)) {
    spdlog::warn("kill switch of '{}': lifted", gone->scope.text());
  } else if (const auto* put = std::get_if<SwitchPut>(&change.what)) {
    const KillSwitch& one = *put->kill_switch;
    spdlog::warn("{}", one.disabled ? shown(text_of(one))
                                    : fmt::format("kill switch of '{}': let out gradually",
                                                  one.scope.text()));
  } else if (const auto* stopped = std::get_if<TreeStopped>(&change.what)) {
    spdlog::warn("{}", shown(tree_stopped(*stopped->tree).message));
  }
}

}  // namespace

RegistryDesk::RegistryDesk(std::unique_ptr<RegistrySource> source, GateTable& gates, LogFiles& logs,
                           std::uint32_t account_max)
    : source_(std::move(source)), gates_(gates), account_max_(account_max), logs_(logs) {}

void RegistryDesk::open(std::vector<ShardDoor*> doors, IoThread& thread, const Clock& clock,
                        TimerWheel& wheel, std::function<void(Instant)> on_lease) {
  clock_ = &clock;
  doors_ = std::move(doors);
  thread_ = &thread;
  on_lease_ = std::move(on_lease);
  for (const Change& change : source_->loaded()) {
    directory_.apply(change);
    set_gates(change);
  }
  for (ShardDoor* door : doors_) {
    for (const Change& change : source_->loaded()) door->apply(change);
  }
  source_->open(*this, thread);
  times_.emplace(clock, wheel, directory_,
                 SwitchTimes::Told{[this](EndSwitch end) {
                                     source_->execute(std::move(end), clock_->wall(),
                                                      [](const Result<Change>&) {});
                                   },
                                   [this](const SwitchScope& scope) { let_out_more(scope); }});
  times_->on_change();
}

void RegistryDesk::execute(Mutation mutation, WallTime now, ShardIndex from, Changed changed) {
  const auto asked = std::make_shared<Mutation>(std::move(mutation));
  doors_.front()->post([this, asked, now, from, changed = std::move(changed)] {
    source_->execute(std::move(*asked), now, [this, from, changed](Result<Change> done) {
      doors_[from.value]->post(
          [changed, result = with_calls_ended(std::move(done))] { changed(result); });
    });
  });
}

void RegistryDesk::on_step(RegistryStep step) {
  const auto tour = std::make_shared<Tour>(Tour{std::move(step), doors_.size(), {}, 0});
  tours_.push_back(tour);
  for (const Change& change : tour->step.changes) {
    directory_.apply(change);
    say(change);
    // Before any shard hears of it: from here on nothing starts beyond the new limit.
    set_gates(change);
  }
  if (times_) times_->on_change();
  for (ShardDoor* door : doors_) {
    door->post([this, tour, door] {
      for (const Change& change : tour->step.changes) door->apply(change);
      door->when_ended([this, tour, door](std::uint32_t calls) {
        doors_.front()->post(
            [this, tour, in_use = door->code_in_use(), calls] { visited(tour, in_use, calls); });
      });
    });
  }
}

void RegistryDesk::visited(const std::shared_ptr<Tour>& tour,
                           const std::vector<std::string>& in_use, std::uint32_t calls_ended) {
  tour->in_use.insert(tour->in_use.end(), in_use.begin(), in_use.end());
  tour->calls_ended += calls_ended;
  --tour->to_visit;
  while (!tours_.empty() && tours_.front()->to_visit == 0) {
    const std::shared_ptr<Tour> first = std::move(tours_.front());
    tours_.pop_front();
    if (first->calls_ended > 0) calls_ended_[first->step.version] = first->calls_ended;
    if (calls_ended_.size() > kCallsEndedKept) calls_ended_.erase(calls_ended_.begin());
    source_->applied(first->step.version);
    clean_up(first->step, std::move(first->in_use));
  }
}

Result<Change> RegistryDesk::with_calls_ended(Result<Change> result) {
  if (!result) return result;
  if (const auto found = calls_ended_.extract(result->version)) {
    result->calls_ended = found.mapped();
  }
  return result;
}

void RegistryDesk::set_gates(const Change& change) {
  FunctionPtr function;
  if (const auto* put = std::get_if<LimitPut>(&change.what)) {
    function = directory_.find_function(put->limit->function_id);
  } else if (const auto* gone = std::get_if<LimitGone>(&change.what)) {
    function = directory_.find_function(gone->function_id);
  } else if (const auto* deployed = std::get_if<FunctionPut>(&change.what)) {
    if (directory_.has_switches()) function = deployed->function;
  } else if (const auto* off = std::get_if<SwitchPut>(&change.what)) {
    return set_gates(off->kill_switch->scope);
  } else if (const auto* on = std::get_if<SwitchGone>(&change.what)) {
    return set_gates(on->scope);
  }
  if (function) set_gate(*function);
}

void RegistryDesk::set_gates(const SwitchScope& scope) {
  if (!scope.function.empty()) {
    const FunctionPtr one = directory_.find_function(scope.service, scope.function);
    if (one) set_gate(*one);
    return;
  }
  for (const FunctionPtr& one : directory_.all_functions()) {
    if (scope.covers(one->spec.service, one->spec.name)) set_gate(*one);
  }
}

void RegistryDesk::set_gate(const Function& function) {
  const std::shared_ptr<Gate> gate = gates_.of(function.id);
  const std::uint32_t limit = limit_now(directory_, function, account_max_, clock_->wall());
  if (limit == gate->limit()) return;
  if (limit_changed_) limit_changed_(function.id, gate->limit(), limit);
  gate->set_limit(limit);
}

void RegistryDesk::let_out_more(const SwitchScope& scope) {
  set_gates(scope);
  for (ShardDoor* door : doors_) {
    door->post([door, scope] { door->on_gates(scope); });
  }
}

// What the step has left behind on disk; nobody waits for it.
void RegistryDesk::clean_up(const RegistryStep& step, std::vector<std::string> in_use) {
  bool code_changed = false;
  std::vector<FunctionId> deleted;
  for (const Change& change : step.changes) {
    const auto* gone = std::get_if<FunctionGone>(&change.what);
    code_changed |= gone != nullptr || std::holds_alternative<FunctionPut>(change.what);
    if (gone != nullptr) deleted.push_back(gone->id);
  }
  if (code_changed) source_->collect_code(std::move(in_use));
  if (deleted.empty()) return;
  for (const FunctionId id : deleted) gates_.forget(id);
  thread_->run(
      [this, deleted = std::move(deleted)] {
        for (const FunctionId id : deleted) logs_.remove(id);
      },
      [] {});
}

void RegistryDesk::who_has_what(ShardIndex from, RegistrySource::Asked asked) {
  doors_.front()->post([this, from, asked = std::move(asked)] {
    source_->who_has_what([this, from, asked](std::optional<std::vector<EngineApplied>> engines) {
      doors_[from.value]->post([asked, engines = std::move(engines)] { asked(engines); });
    });
  });
}

void RegistryDesk::read_code(FunctionPtr function, ShardIndex from, Zip zip) {
  doors_.front()->post([this, function = std::move(function), from, zip = std::move(zip)] {
    source_->read_zip(function, [this, from, zip](Result<std::string> result) {
      const auto read = std::make_shared<Result<std::string>>(std::move(result));
      doors_[from.value]->post([read, zip] { zip(std::move(*read)); });
    });
  });
}

}  // namespace convoke
