#include "tests/sim/instance.h"

#include <algorithm>
#include <utility>

namespace convoke::sim {
namespace {

constexpr Duration kAtOnce = std::chrono::microseconds{100};
constexpr Duration kCallsOnMax = Millis{100};

Error error(ErrorCode code) { return Error{code, "scripted"}; }

}  // namespace

ScriptedInstance::ScriptedInstance(Stage& stage, Rng& rng, const TurnIn& turn_in,
                                   FunctionPtr function, InstanceListener& listener)
    : stage_(stage),
      rng_(rng),
      turn_in_(turn_in),
      function_(std::move(function)),
      listener_(listener) {
  stage_.seen.tell(&Observer::on_instance_started, function_);
  start();
}

void ScriptedInstance::in(Duration delay, std::function<void()> what) {
  turn_in_(delay, [alive = std::weak_ptr<int>(alive_), what = std::move(what)] {
    if (!alive.expired()) what();
  });
}

// ---- its start ----

void ScriptedInstance::start() {
  Chaos& chaos = stage_.chaos;
  if (chaos.strikes(Fault::kNeverReady)) {
    return fail_start(kInstanceStartMax, ErrorCode::kFunctionNotStarted);
  }
  const Duration most = chaos.strikes(Fault::kStartsSlowly) ? Duration{Seconds{20}} : Millis{200};
  const Duration after = between(rng_, Millis{1}, most);
  if (chaos.strikes(Fault::kStartFails)) return fail_start(after, ErrorCode::kCaExited);
  in(after, [this] { become_ready(); });
}

void ScriptedInstance::fail_start(Duration after, ErrorCode why) {
  in(after, [this, why] {
    if (std::exchange(dead_, true)) return;
    gone(GoneReason::kStartFailed, why);
  });
}

void ScriptedInstance::become_ready() {
  if (dead_ || stopping_) return;
  ready_ = true;
  if (stage_.chaos.strikes(Fault::kDiesIdle)) {
    in(between(rng_, kAtOnce, Seconds{2}), [this] {
      if (inside_.empty()) die();
    });
  }
  listener_.on_ready();
}

// ---- its calls ----

void ScriptedInstance::invoke(Attempt attempt) {
  ENSURE(ready_ && inside_.size() < function_->spec.instance_concurrency);
  Chaos& chaos = stage_.chaos;
  const CallId id = attempt.id;
  const std::optional<CarriedLineage> carried = attempt.lineage;
  stage_.seen.tell(&Observer::on_started, Started{std::move(attempt), function_});
  const bool never_seen = dead_ || chaos.strikes(Fault::kDiesBefore);
  inside_.push_back({id, never_seen});
  const Duration work = between(rng_, Millis{1}, rng_.one_in(8) ? Millis{4000} : Millis{100});
  if (never_seen) {
    if (!dead_) in(kAtOnce, [this] { die(); });
  } else if (chaos.strikes(Fault::kDiesDuring)) {
    in(work, [this] { die(); });
  } else if (!chaos.strikes(Fault::kHangs)) {
    in(work, [this, id] { answer(id); });
  }
  if (!never_seen && carried && chaos.strikes(Fault::kCallsOn)) call_on(id, *carried);
}

// Of its own accord, as a process does: in no turn of its engine.
void ScriptedInstance::call_on(const CallId& id, const CarriedLineage& with) {
  stage_.agenda.in(between(stage_.chaos.rng(Fault::kCallsOn), Duration{0}, kCallsOnMax),
                   [this, alive = std::weak_ptr<int>(alive_), id, with] {
                     if (!alive.expired() && holds(id)) stage_.call_on(id, with);
                   });
}

bool ScriptedInstance::holds(const CallId& id) const {
  const auto is_it = [&](const Inside& one) { return one.id == id; };
  return !dead_ && std::any_of(inside_.begin(), inside_.end(), is_it);
}

void ScriptedInstance::answer(const CallId& id) {
  if (!holds(id)) return;
  Chaos& chaos = stage_.chaos;
  Reply answer;
  if (chaos.strikes(Fault::kFunctionError)) answer.function_error = FunctionError::kHandled;
  if (chaos.strikes(Fault::kSystemError)) answer.system_error = error(ErrorCode::kBadResponse);
  if (chaos.strikes(Fault::kDiesAfter)) in(between(rng_, kAtOnce, Millis{5}), [this] { die(); });
  reply(id, std::move(answer));
}

void ScriptedInstance::reply(const CallId& id, Reply reply) {
  inside_.erase(std::find_if(inside_.begin(), inside_.end(),
                             [&](const Inside& one) { return one.id == id; }));
  stage_.seen.tell(&Observer::on_ended, id, reply);
  listener_.on_reply(id, std::move(reply));
}

// ---- its end ----

void ScriptedInstance::stop(StopHow how) {
  if (ended_ || stage_.planted(Planted::kOutlivesKill)) return;
  const bool again = std::exchange(stopping_, true);
  if (again && how == StopHow::kGraceful) return;
  const bool deaf = how == StopHow::kGraceful && stage_.chaos.strikes(Fault::kIgnoresSigterm);
  const Duration after = how == StopHow::kKill ? kAtOnce
                         : deaf                ? Duration{kTermToKill}
                                               : between(rng_, kAtOnce, Millis{50});
  in(after, [this] {
    if (!std::exchange(dead_, true)) end(true);
  });
}

void ScriptedInstance::die() {
  if (!std::exchange(dead_, true)) end(false);
}

// What the process had inside is told at once or, as when reading lags behind, a moment later.
void ScriptedInstance::end(bool by_stop) {
  const auto finish = [this, by_stop] {
    say_last_words(by_stop);
    in(between(rng_, Duration{0}, kAtOnce), [this, by_stop] {
      say_last_words(by_stop);  // to what came in since: nothing had told that it is dead
      gone(by_stop ? GoneReason::kStopped : GoneReason::kExited, ErrorCode::kCaExited);
    });
  };
  if (rng_.one_in(2)) return finish();
  in(between(rng_, kAtOnce, Millis{2}), finish);
}

void ScriptedInstance::say_last_words(bool by_stop) {
  while (!inside_.empty()) {
    const Inside call = inside_.front();
    reply(call.id, last_word(call, by_stop));
  }
}

Reply ScriptedInstance::last_word(const Inside& call, bool by_stop) const {
  Reply last;
  last.instance_is_going = true;
  last.never_began = call.never_seen;
  if (by_stop || call.never_seen) {
    last.system_error = error(ErrorCode::kServiceUnavailable);
  } else {
    last.function_error = FunctionError::kUnhandled;
  }
  return last;
}

void ScriptedInstance::gone(GoneReason reason, ErrorCode why) {
  ended_ = true;
  stage_.seen.tell(&Observer::on_instance_gone, function_);
  listener_.on_gone(Gone{reason, error(why)});
}

}  // namespace convoke::sim
