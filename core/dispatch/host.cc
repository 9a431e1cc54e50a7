#include "core/dispatch/host.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/dispatch/report.h"

namespace convoke {
namespace {

Attempt attempt_of(const Call& call, Duration time_left) {
  Attempt attempt;
  attempt.id = call.id;
  attempt.event = call.event;
  attempt.http = call.http;
  attempt.qualifier = call.qualifier;
  attempt.wants_log_tail = call.wants_log_tail;
  attempt.time_left = time_left;
  if (call.lease) {
    attempt.asynchronous = true;
    attempt.epoch = call.lease->receipt.epoch;
    attempt.retry_count = call.lease->retries;
    attempt.maybe_repeated = call.lease->maybe_repeated;
  }
  return attempt;
}

std::string timeout_body(Seconds timeout, double memory_peak_mb) {
  return fmt::format(
      "{{\"errorMessage\":\"Function timed out after {} seconds (maxMemoryUsage: {:.2f}MB)\","
      "\"errorType\":\"InvocationTimeout\"}}",
      timeout.count(), memory_peak_mb);
}

}  // namespace

Host::Host(FunctionPtr function, TimerWheel& wheel, const Clock& clock, Duration idle_max,
           HostEvents& events, const LineageWorld& lineage)
    : function_(std::move(function)),
      wheel_(wheel),
      clock_(clock),
      idle_max_(idle_max),
      events_(events),
      places_(lineage, *function_),
      idle_timer_(timer_for<&Host::reap>(this)) {}

void Host::start(Workers& workers) { instance_ = workers.start(function_, *this); }

std::uint32_t Host::free_slots() const {
  return open() ? slots() - static_cast<std::uint32_t>(runs_.size()) : 0;
}

bool Host::may_take(const CallId& id) const {
  return std::none_of(runs_.begin(), runs_.end(),
                      [&](const std::unique_ptr<Run>& run) { return run->id == id; });
}

void Host::add_inside(std::vector<CallId>& ids) const {
  for (const auto& run : runs_) ids.push_back(run->id);
}

void Host::run(CallPtr call) {
  ENSURE(free_slots() > 0);
  idle_timer_.cancel();
  call->move_to(CallState::kRunning);
  Attempt attempt = attempt_of(*call, function_->spec.timeout);
  const Instant now = clock_.now();
  runs_.push_back(std::make_unique<Run>(*this, std::move(call), now));
  Run& run = *runs_.back();
  wheel_.schedule(run.deadline, now + function_->spec.timeout);
  const Call& entered = *run.call;
  run.place = places_.take();
  attempt.lineage = places_.begin(run.place, entered.id, entered.its_lineage(),
                                  clock_.wall() + function_->spec.timeout);
  if (entered.lease && has_history(entered.lease->name)) {
    events_.on_call_started(entered, instance_->id());
  }
  instance_->invoke(std::move(attempt));
}

void Host::leave() {
  if (phase_ == Phase::kStarting) return stop(StopHow::kGraceful);
  if (phase_ != Phase::kOpen) return;
  const std::uint32_t free = free_slots();
  phase_ = Phase::kLeaving;
  idle_timer_.cancel();
  events_.on_host_leaving(*this, free);
  if (runs_.empty()) stop(StopHow::kGraceful);
}

void Host::stop(StopHow how) {
  if (phase_ == Phase::kGone) return;
  if (phase_ == Phase::kOpen) {
    const std::uint32_t free = free_slots();
    phase_ = Phase::kStopping;
    idle_timer_.cancel();
    events_.on_host_leaving(*this, free);
  }
  phase_ = Phase::kStopping;
  instance_->stop(how);
}

void Host::end(Error why) {
  ended_ = std::move(why);
  stop(StopHow::kGraceful);
}

void Host::on_ready() {
  if (phase_ != Phase::kStarting) return;
  phase_ = Phase::kOpen;
  has_opened_ = true;
  became_idle();
  events_.on_host_open(*this);
}

void Host::on_reply(const CallId& id, Reply reply) {
  const auto found = std::find_if(runs_.begin(), runs_.end(),
                                  [&](const std::unique_ptr<Run>& run) { return run->id == id; });
  ENSURE(found != runs_.end());
  const std::unique_ptr<Run> run = std::move(*found);
  runs_.erase(found);
  places_.free(run->place);
  const bool was_stopping = phase_ == Phase::kStopping;
  if (reply.instance_is_going && open()) give_up();
  if (run->call) {
    Outcome outcome = outcome_of(*run, Outcome::Kind::kReplied);
    if (run->stopped && (reply.system_error || reply.function_error != FunctionError::kNone)) {
      outcome = stopped_outcome(*run, *run->stopped);
    } else if (reply.never_began) {
      outcome.kind = Outcome::Kind::kBounced;  // another instance can still run it
      outcome.error = reply.system_error;
    } else if (ended_ && (reply.system_error || reply.function_error != FunctionError::kNone)) {
      outcome.kind = Outcome::Kind::kLost;  // an error may be what the signal made of it
      outcome.error = ended_;
    } else if (was_stopping && reply.system_error) {
      outcome.kind = Outcome::Kind::kLost;
      outcome.error = reply.system_error;
    }
    outcome.reply = std::move(reply);
    answer(*run, std::move(outcome));
  }
  if (runs_.empty()) became_idle();
  if (open()) return events_.on_slot_free(*this);
  const bool done = in_process() ? runs_.empty() : all_answered();
  if (phase_ == Phase::kLeaving && done) stop(StopHow::kGraceful);
}

// The instance ends by itself. The slot of the call that said so was not yet free again.
void Host::give_up() {
  const std::uint32_t free = free_slots() - 1;
  phase_ = Phase::kStopping;
  idle_timer_.cancel();
  events_.on_host_leaving(*this, free);
}

void Host::on_gone(const Gone& gone) {
  ENSURE(runs_.empty());
  const bool was_open = open();
  const std::uint32_t free = free_slots();
  phase_ = Phase::kGone;
  idle_timer_.cancel();
  if (was_open) events_.on_host_leaving(*this, free);
  events_.on_host_gone(*this, gone);
}

void Host::on_deadline(Run& run) {
  Outcome outcome = outcome_of(run, Outcome::Kind::kTimedOut);
  outcome.reply.function_error = FunctionError::kUnhandled;
  outcome.reply.memory_peak_mb = instance_->memory_peak_mb();
  outcome.reply.body = timeout_body(function_->spec.timeout, outcome.reply.memory_peak_mb);
  places_.end(run.place);
  abandon(run, std::move(outcome));
}

bool Host::end_call(const CallId& id) {
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const std::unique_ptr<Run>& run) {
    return run->id == id && run->call != nullptr;
  });
  if (found == runs_.end()) return false;
  Run& run = **found;
  Error why = call_stopped(function_->spec.service + ':' + function_->spec.name, id);
  if (in_process() || runs_.size() > 1) {
    places_.end(run.place);
    abandon(run, stopped_outcome(run, std::move(why)));
  } else {
    end_run(run, std::move(why));
    stop(StopHow::kGraceful);
  }
  return true;
}

// What is left inside keeps its places: whom it calls is still refused as a child of its tree.
std::uint32_t Host::end_tree(const CallId& root, const Error& why) {
  std::vector<Run*> members;
  for (const auto& run : runs_) {
    if (run->call && run->call->root() == root) members.push_back(run.get());
  }
  const auto count = static_cast<std::uint32_t>(members.size());
  if (count == 0) return 0;
  if (!in_process() && count == calls_unanswered()) {
    for (Run* run : members) end_run(*run, why);
    stop(StopHow::kGraceful);
  } else {
    for (Run* run : members) abandon(*run, stopped_outcome(*run, why));
  }
  return count;
}

// Its owner hears of it when its process is dead.
void Host::end_run(Run& run, Error why) {
  run.stopped = std::move(why);
  run.deadline.cancel();
}

Outcome Host::stopped_outcome(const Run& run, Error why) const {
  Outcome outcome = outcome_of(run, Outcome::Kind::kStopped);
  outcome.error = std::move(why);
  return outcome;
}

// Its owner has its answer, and what runs is of no more use to anybody.
void Host::abandon(Run& run, Outcome outcome) {
  answer(run, std::move(outcome));
  if (function_->spec.runtime == Runtime::kInProcess) return;
  if (all_answered()) return stop(StopHow::kGraceful);
  leave();
}

void Host::answer(Run& run, Outcome outcome) {
  run.deadline.cancel();
  events_.on_call_ended(std::move(run.call), std::move(outcome));
}

Outcome Host::outcome_of(const Run& run, Outcome::Kind kind) const {
  Outcome outcome;
  outcome.kind = kind;
  outcome.function = function_;
  outcome.instance_id = instance_->id();
  outcome.duration = clock_.now() - run.started;
  return outcome;
}

std::uint32_t Host::calls_unanswered() const {
  return static_cast<std::uint32_t>(
      std::count_if(runs_.begin(), runs_.end(),
                    [](const std::unique_ptr<Run>& run) { return run->call != nullptr; }));
}

void Host::became_idle() {
  idle_since_ = clock_.now();
  if (open()) wheel_.schedule(idle_timer_, idle_since_ + idle_max_);
}

void Host::reap() { events_.on_host_idle(*this); }

}  // namespace convoke
