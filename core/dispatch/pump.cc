#include "core/dispatch/pump.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/dispatch/queued_event.h"
#include "core/dispatch/report.h"
#include "core/dispatch/successor.h"
#include "core/guard/lineage_guard.h"

namespace convoke {

struct Pump::Settling {
  Receipt receipt;
  Ending ending;
  CallPtr call;  // of those that are watched, as is the outcome; else null
  Outcome outcome;
};

namespace {

// Nobody sees the answer to an asynchronous request: what a server says of its failure is one, and
// that it has no room asks for the request to come again.
void mark_failed_request(Reply& reply) {
  if (!reply.http || reply.system_error || reply.function_error != FunctionError::kNone) return;
  const int status = reply.http->status;
  if (status == 429 || status == 503) {
    reply.system_error = Error{
        status == 429 ? ErrorCode::kResourceThrottled : ErrorCode::kServiceUnavailable,
        fmt::format("the function answered with status {}: it has no room for the request now",
                    status)};
  } else if (status >= 500) {
    reply.function_error = FunctionError::kUnhandled;
  }
}

}  // namespace

Pump::Pump(ShardIndex self, const PumpWorld& world, Rng rng, Alarm alarm)
    : self_(self),
      world_(world),
      rng_(rng),
      alarm_(std::move(alarm)),
      expiry_(world.clock, world.wheel,
              Expiry::Hooks{
                  [this](FunctionId function) { return ages_out(function); },
                  [this](FunctionId function) { (void)dispatcher_->claim_to_end(function); },
              }),
      sweep_(world.clock, world.wheel,
             TreeSweep::Hooks{
                 [this] { return with_backlog(); },
                 [this](FunctionId function) { return dispatcher_->claim_to_end(function); },
             }),
      pacer_(world.clock, world.wheel, world.directory, rng_.fork("pace"),
             [this](FunctionId function) { dispatcher_->on_backlog(function); }) {}

void Pump::attach(Queue& queue, Dispatcher& dispatcher, EndWatch& watch, Deliverer* deliverer) {
  deliverer_ = deliverer;
  queue_ = &queue;
  dispatcher_ = &dispatcher;
  watch_ = &watch;
}

// ---- calls come out of the store ----

void Pump::on_ready(FunctionId function) {
  if (is_delivery_line(function)) {
    if (deliverer_ != nullptr) deliverer_->on_ready(function);
    return;
  }
  not_handed_out_.erase(function);
  dispatcher_->on_backlog(function);
  expiry_.on_ready(function);
}

std::optional<WallTime> Pump::ages_out(FunctionId function) const {
  const auto oldest = queue_->oldest_ready(function);
  if (!oldest) return oldest;
  return *oldest + policy_of(function, {}).age_max;
}

std::deque<FunctionId> Pump::with_backlog() const {
  std::deque<FunctionId> functions;
  for (const FunctionPtr& function : world_.directory.all_functions()) {
    if (queue_->counts(function->id).ready > 0) functions.push_back(function->id);
  }
  return functions;
}

std::size_t Pump::ready(FunctionId function) const {
  if (not_handed_out_.contains(function)) return 0;
  return std::min<std::uint64_t>(queue_->counts(function).ready, pacer_.room(function));
}

std::int64_t Pump::oldest(FunctionId function) const {
  const auto accepted = queue_->oldest_ready(function);
  return accepted ? to_ms(*accepted) : kNobodyWaits;
}

void Pump::claim(FunctionId function, std::size_t calls) { queue_->claim(function, calls); }

void Pump::on_claimed(FunctionId function, std::vector<ClaimedCall> claimed) {
  if (is_delivery_line(function)) return deliverer_->on_claimed(function, std::move(claimed));
  if (claimed.empty()) not_handed_out_.insert(function);
  std::vector<CallPtr> calls;
  calls.reserve(claimed.size());
  open_ += claimed.size();
  std::size_t stopped = 0;
  for (ClaimedCall& one : claimed) {
    const bool expired = world_.clock.wall() > one.due + policy_of(function, one.qualifier).age_max;
    const bool event_lost = one.event_lost;
    CallPtr call = call_of(std::move(one));
    if (stopping(call->id)) {
      stop_claimed(std::move(call));
    } else if (const StoppedTree* tree = world_.directory.stopped_tree(call->root())) {
      ++stopped;
      stop_with_tree(std::move(call), *tree);
    } else if (expired) {
      expire(std::move(call));
    } else if (event_lost) {
      end_without_event(std::move(call));
    } else if (auto refused = one_too_many(*call)) {
      end_refused(std::move(call), *std::move(refused));
    } else {
      calls.push_back(std::move(call));
    }
  }
  pacer_.began(function, calls.size());
  dispatcher_->on_claimed(function, std::move(calls));
  sweep_.on_claimed(function, stopped);
}

RetryPolicy Pump::policy_of(FunctionId function, std::string_view qualifier) const {
  return retry_policy(world_.directory.async_config_of(function, qualifier).get());
}

CallPtr Pump::call_of(ClaimedCall claimed) const {
  auto call = std::make_unique<Call>();
  call->id = claimed.receipt.id;
  call->function = claimed.receipt.function;
  call->home = self_;
  call->arrived = world_.clock.now();
  FromQueue queued = read_queued(std::move(claimed.event));
  call->event = std::make_shared<const std::string>(std::move(queued.event));
  call->http = std::move(queued.http);
  call->qualifier = std::move(claimed.qualifier);
  call->lineage = claimed.lineage;
  call->state = CallState::kDequeued;
  call->lease = Call::Lease{claimed.receipt,       std::move(claimed.name), world_.clock.wall(),
                            claimed.due,           claimed.function_errors, claimed.retries,
                            claimed.maybe_repeated};
  return call;
}

void Pump::on_started(const Receipt& receipt, WallTime at, const std::string& instance_id) {
  queue_->note_started(receipt, at, instance_id);
}

// ---- outcomes go in ----

void Pump::on_finished(CallPtr call, Outcome outcome) {
  mark_failed_request(outcome.reply);
  pacer_.ended(*call, outcome);
  if (world_.attempts != nullptr) world_.attempts->over(*call);
  AfterAttempt after = after_attempt(
      *call->lease, outcome, policy_of(call->function, call->qualifier), world_.clock.wall(), rng_);
  if (after.action == AfterAttempt::Do::kSettle) {
    if (after.settlement == Settlement::kExpired && !outcome.error) outcome.error = call_expired();
    return settle(std::move(call), std::move(outcome), after.settlement);
  }
  if (stopping(call->id)) return stop_claimed(std::move(call));
  if (const StoppedTree* tree = world_.directory.stopped_tree(call->root())) {
    return stop_with_tree(std::move(call), *tree);
  }
  if (after.action == AfterAttempt::Do::kPostpone) {
    after.due = due_within_budget(*call, outcome, after.due);
    return postpone(*call, outcome, after);
  }
  --open_;
  queue_->give_back(call->lease->receipt);
}

// A wait for a token takes no more than half of what is left of the call's age: so it makes none
// too old by itself.
WallTime Pump::due_within_budget(const Call& call, const Outcome& outcome, WallTime due) {
  const WallTime now = world_.clock.wall();
  const WallTime too_old = call.lease->due + policy_of(call.function, call.qualifier).age_max;
  const auto wait = std::chrono::ceil<Millis>(pacer_.retry(call, outcome));
  return std::max(due, now + std::min(wait, (too_old - now) / 2));
}

void Pump::expire(CallPtr call) {
  expiry_.on_expired(call->function);
  Outcome outcome;
  outcome.kind = Outcome::Kind::kExpired;
  outcome.error = call_expired();
  settle(std::move(call), std::move(outcome), Settlement::kExpired);
}

void Pump::end_without_event(CallPtr call) {
  alarm_(
      fmt::format("call {} fails: its event was deleted from the queue's store", call->id.text()));
  end_refused(std::move(call),
              Error{ErrorCode::kInternalServerError,
                    "the call cannot run: its event was deleted from the queue's store"});
}

std::optional<Error> Pump::one_too_many(const Call& call) {
  if (world_.attempts != nullptr) {
    if (auto refused = world_.attempts->begins(call)) return refused;
  }
  auto refused = refused_by_lineage(call);
  if (refused && world_.attempts != nullptr) world_.attempts->over(call);
  return refused;
}

std::optional<Error> Pump::refused_by_lineage(const Call& call) {
  if (world_.guard == nullptr || !call.lineage) return std::nullopt;
  const FunctionPtr function = world_.directory.find_function(call.function);
  if (!function) return std::nullopt;
  return world_.guard->refuses({call.id, *call.lineage, *function}, attempting(call));
}

void Pump::end_refused(CallPtr call, Error why) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kRefused;
  outcome.error = std::move(why);
  settle(std::move(call), std::move(outcome), Settlement::kFailed);
}

void Pump::stop_claimed(CallPtr call) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kStopped;
  outcome.error = call_stopped(function_name(call->function), call->id);
  settle(std::move(call), std::move(outcome), Settlement::kStopped);
}

void Pump::stop_with_tree(CallPtr call, const StoppedTree& tree) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kStopped;
  outcome.error = tree_stopped(tree);
  settle(std::move(call), std::move(outcome), Settlement::kStopped);
}

void Pump::settle(CallPtr call, Outcome outcome, Settlement settlement) {
  auto settling = std::make_shared<Settling>(
      Settling{call->lease->receipt, ending_of(*call, outcome, settlement, world_.clock.wall()),
               nullptr, Outcome{}});
  const WallTime now = world_.clock.wall();
  Successor successor = successor_of(*call, outcome, settlement, {world_.directory, world_.guard},
                                     now, CallId::made_at(now, rng_.next(), rng_.next()));
  settling->ending.successor = std::move(successor.call);
  settling->ending.destination_status = std::move(successor.status);
  if (watch_->watches(call->id)) {
    settling->call = std::move(call);
    settling->outcome = std::move(outcome);
  }
  settle(std::move(settling));
}

void Pump::settle(std::shared_ptr<Settling> settling) {
  const Receipt receipt = settling->receipt;
  Ending ending = settling->ending.successor ? settling->ending : std::move(settling->ending);
  queue_->settle(receipt, std::move(ending),
                 [this, settling](SettleResult result) { on_settled(settling, result); });
}

void Pump::on_settled(const std::shared_ptr<Settling>& settling, SettleResult result) {
  const CallId id = settling->receipt.id;
  if (result == SettleResult::kNoRoom) {
    without_room_.push_back(settling);
    if (!no_room_retry_.scheduled())
      world_.wheel.schedule(no_room_retry_, world_.clock.now() + kNoRoomRetry);
    return;
  }
  written(id, result);
  const auto& successor = settling->ending.successor;
  if (successor && result == SettleResult::kDone) tell_of(*successor);
  const bool stopped = settling->ending.settlement == Settlement::kStopped;
  answer_stops(id, result != SettleResult::kDone ? StopResult::kStoreFailed
                   : stopped                     ? StopResult::kStopped
                                                 : StopResult::kUnknown);
  if (settling->call && result == SettleResult::kDone) {
    watch_->on_settled(std::move(settling->call), std::move(settling->outcome));
  }
}

void Pump::tell_of(const NewCall& successor) {
  if (world_.guard == nullptr || !successor.lineage) return;
  const FunctionPtr function = world_.directory.find_function(successor.function);
  if (function) world_.guard->wait({successor.id, *successor.lineage, *function});
}

void Pump::settle_again() {
  for (auto& settling : std::exchange(without_room_, {})) settle(std::move(settling));
}

void Pump::postpone(const Call& call, const Outcome& outcome, const AfterAttempt& after) {
  const Receipt& receipt = call.lease->receipt;
  queue_->postpone(receipt, after.due, after.spends, report_of(call, outcome, world_.clock.wall()),
                   [this, function = call.function, id = receipt.id](SettleResult result) {
                     written(id, result);
                     if (!stopping(id)) return;
                     if (result == SettleResult::kStoreFailed) {
                       return answer_stops(id, StopResult::kStoreFailed);
                     }
                     stop_in_store(function, id);
                   });
}

void Pump::written(const CallId& id, SettleResult result) {
  --open_;
  if (result != SettleResult::kStoreFailed) return;
  alarm_(
      fmt::format("the outcome of call {} could not be written: it will run again after the "
                  "next start",
                  id.text()));
}

// ---- stopping ----

void Pump::stop(FunctionId function, const CallId& id, Queue::Stopped stopped) {
  stops_[id].push_back(std::move(stopped));
  stop_in_store(function, id);
}

// Under way, it is met where its claim or its outcome comes by.
void Pump::stop_in_store(FunctionId function, const CallId& id) {
  queue_->stop(function, id, [this, function, id](StopResult result) {
    if (result == StopResult::kUnderWay) return dispatcher_->stop_call(function, id);
    if (result == StopResult::kStopped) stopped_while_waiting(function, id);
    answer_stops(id, result);
  });
}

std::string Pump::function_name(FunctionId id) const {
  const FunctionPtr function = world_.directory.find_function(id);
  return function ? function->spec.service + ':' + function->spec.name : "a deleted function";
}

void Pump::stopped_while_waiting(FunctionId function, const CallId& id) {
  if (!watch_->watches(id)) return;
  auto call = std::make_unique<Call>();
  call->id = id;
  call->function = function;
  Outcome outcome;
  outcome.kind = Outcome::Kind::kStopped;
  outcome.error = call_stopped(function_name(function), id);
  watch_->on_settled(std::move(call), std::move(outcome));
}

void Pump::answer_stops(const CallId& id, StopResult result) {
  const auto found = stops_.find(id);
  if (found == stops_.end()) return;
  const std::vector<Queue::Stopped> waiting = std::move(found->second);
  stops_.erase(found);
  for (const Queue::Stopped& stopped : waiting) stopped(result);
}

}  // namespace convoke
