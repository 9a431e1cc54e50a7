#include "core/dispatch/pump.h"

#include <fmt/format.h>

#include <utility>

namespace convoke {

Pump::Pump(ShardIndex self, const Clock& clock, Rng rng, Alarm alarm)
    : self_(self), clock_(clock), rng_(rng), alarm_(std::move(alarm)) {}

void Pump::attach(Queue& queue, Dispatcher& dispatcher) {
  queue_ = &queue;
  dispatcher_ = &dispatcher;
}

void Pump::on_ready(FunctionId function) { dispatcher_->on_backlog(function); }

std::size_t Pump::ready(FunctionId function) const { return queue_->counts(function).ready; }

std::int64_t Pump::oldest(FunctionId function) const {
  const auto accepted = queue_->oldest_ready(function);
  return accepted ? to_ms(*accepted) : kNobodyWaits;
}

void Pump::claim(FunctionId function, std::size_t calls) { queue_->claim(function, calls); }

void Pump::on_claimed(FunctionId function, std::vector<ClaimedCall> claimed) {
  std::vector<CallPtr> calls;
  calls.reserve(claimed.size());
  open_ += claimed.size();
  for (ClaimedCall& one : claimed) {
    if (clock_.wall() > one.due + policy_.age_max) {
      settle(one.receipt, Settlement::kExpired);
    } else {
      calls.push_back(call_of(std::move(one)));
    }
  }
  dispatcher_->on_claimed(function, std::move(calls));
}

CallPtr Pump::call_of(ClaimedCall claimed) const {
  auto call = std::make_unique<Call>();
  call->id = claimed.receipt.id;
  call->function = claimed.receipt.function;
  call->home = self_;
  call->arrived = clock_.now();
  call->event = std::make_shared<const std::string>(std::move(claimed.event));
  call->qualifier = std::move(claimed.qualifier);
  call->state = CallState::kDequeued;
  call->lease = Call::Lease{claimed.receipt, claimed.due, claimed.function_errors, claimed.retries,
                            claimed.maybe_repeated};
  return call;
}

void Pump::on_finished(CallPtr call, Outcome outcome) {
  const Receipt& receipt = call->lease->receipt;
  const AfterAttempt after = after_attempt(*call->lease, outcome, policy_, clock_.wall(), rng_);
  switch (after.action) {
    case AfterAttempt::Do::kSettle:
      return settle(receipt, after.settlement);
    case AfterAttempt::Do::kPostpone:
      return postpone(receipt, after);
    case AfterAttempt::Do::kGiveBack:
      --open_;
      return queue_->give_back(receipt);
  }
}

void Pump::settle(const Receipt& receipt, Settlement settlement) {
  queue_->settle(receipt, settlement, written(receipt.id));
}

void Pump::postpone(const Receipt& receipt, const AfterAttempt& after) {
  queue_->postpone(receipt, after.due, after.spends, written(receipt.id));
}

Queue::Settled Pump::written(const CallId& id) {
  return [this, id](SettleResult result) {
    --open_;
    if (result == SettleResult::kStoreFailed) {
      alarm_(
          fmt::format("the outcome of call {} could not be written: it will run again after "
                      "the next start",
                      id.text()));
    }
  };
}

}  // namespace convoke
