#include "core/dispatch/pacer.h"

#include <algorithm>
#include <utility>

#include "core/registry/pace_config.h"

namespace convoke {
namespace {

using Ended = CallWindow::Ended;

// Of a reply's system errors, those in which the function itself says that it has no room.
bool has_no_room(const Error& error) {
  return error.code == ErrorCode::kResourceThrottled ||
         error.code == ErrorCode::kServiceUnavailable;
}

Ended how_it_ended(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kReplied:
      if (outcome.reply.system_error) {
        return has_no_room(*outcome.reply.system_error) ? Ended::kOverloaded : Ended::kOtherwise;
      }
      return outcome.reply.function_error == FunctionError::kNone ? Ended::kWell
                                                                  : Ended::kOtherwise;
    case Outcome::Kind::kTimedOut:
      return Ended::kLate;
    case Outcome::Kind::kNotStarted:
      return Ended::kOtherwise;
    default:
      return Ended::kNotBegun;
  }
}

// What the engine itself took back or could not begin has troubled nobody.
bool was_tried(const Outcome& outcome) {
  const bool instance_went = outcome.kind == Outcome::Kind::kBounced && outcome.error;
  return instance_went || how_it_ended(outcome) != Ended::kNotBegun;
}

}  // namespace

std::uint32_t Pacer::room(FunctionId function) const {
  const CallWindow* const window = narrow_window(function);
  return window == nullptr ? kWindowOpen : window->room(clock_.now());
}

const CallWindow* Pacer::narrow_window(FunctionId function) const {
  if (not_open_ == 0) return nullptr;  // as a rule
  const auto found = paces_.find(function);
  return found == paces_.end() || found->second.window.open() ? nullptr : &found->second.window;
}

std::optional<Pacer::Held> Pacer::held(FunctionId function) const {
  const CallWindow* const window = narrow_window(function);
  if (window == nullptr) return std::nullopt;
  return Held{window->limit(), window->under_way(), window->paused_until()};
}

Pacer::Pace& Pacer::pace_of(FunctionId function) {
  const auto found = paces_.find(function);
  if (found != paces_.end()) return found->second;
  if (paces_.size() >= kept_max_) forget_calm();
  return paces_.try_emplace(function, clock_.now()).first->second;
}

void Pacer::forget_calm() {
  std::erase_if(paces_, [now = clock_.now()](const auto& entry) {
    const Pace& pace = entry.second;
    return pace.window.open() && pace.window.under_way() == 0 && pace.budget.full(now) &&
           !pace.look_at;
  });
  kept_max_ = std::max(kPacesKeptMin, 2 * paces_.size());
}

void Pacer::began(FunctionId function, std::size_t calls) {
  if (calls == 0) return;
  Pace& pace = pace_of(function);
  pace.window.began(static_cast<std::uint32_t>(calls));
  const FunctionPtr current = directory_.find_function(function);
  pace.rule = current ? pace_rule_of(*current) : PaceRule{};
  if (pace.rule.mode == PaceMode::kAdapt || pace.window.open()) return;
  pace.window.lift();
  --not_open_;
}

void Pacer::ended(const Call& call, const Outcome& outcome) {
  Pace& pace = pace_of(call.function);
  CallWindow& window = pace.window;
  const bool adapts = pace.rule.mode == PaceMode::kAdapt;
  const Ended how = how_it_ended(outcome);
  const bool was_open = window.open();
  const std::uint32_t cuts = window.cuts();
  const Instant now = clock_.now();
  window.ended(adapts ? how : Ended::kNotBegun, outcome.duration, now, rng_);
  counters_.cuts += window.cuts() - cuts;
  if (adapts && call.lease->retries == 0 && how != Ended::kNotBegun) {
    pace.budget.first_attempt(pace.rule.retry_percent, now);
  }
  if (was_open && window.open()) return;
  if (was_open) ++not_open_;
  if (window.open()) --not_open_;
  // In a later turn: then the slot of the call that has ended is free.
  look_at(call.function, pace, std::max(now, window.paused_until()));
}

Duration Pacer::retry(const Call& call, const Outcome& outcome) {
  Pace& pace = pace_of(call.function);
  if (pace.rule.mode == PaceMode::kOff || !was_tried(outcome)) return {};
  const Duration wait = pace.budget.retry(clock_.now(), rng_);
  if (wait > Duration{}) ++counters_.retries_held;
  return wait;
}

void Pacer::look_at(FunctionId function, Pace& pace, Instant at) {
  if (!pace.look_at) to_look_at_.push_back(function);
  pace.look_at = std::min(at, pace.look_at.value_or(at));
  if (!next_look_.scheduled() || next_look_.due() > at) wheel_.schedule(next_look_, at);
}

void Pacer::look_at_all() {
  const Instant now = clock_.now();
  for (const FunctionId function : std::exchange(to_look_at_, {})) {
    Pace& pace = paces_.at(function);
    const Instant at = *std::exchange(pace.look_at, std::nullopt);
    if (at > now) {
      look_at(function, pace, at);
    } else {
      look(function, pace);
    }
  }
}

void Pacer::look(FunctionId function, Pace& pace) {
  CallWindow& window = pace.window;
  if (!window.open()) {
    window.forget(clock_.now());
    if (window.open()) --not_open_;
  }
  const bool paused = window.paused_until() > clock_.now();
  if (!window.open()) {
    look_at(function, pace, paused ? window.paused_until() : window.forgotten_at());
  }
  if (!paused) on_room_(function);
}

}  // namespace convoke
