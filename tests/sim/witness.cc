#include "tests/sim/witness.h"

#include <algorithm>

namespace convoke::sim {

Witness::~Witness() {
  for (const auto& [id, receipt] : held_) spent_.add(receipt);
}

void Witness::watch(std::unique_ptr<Queue> store) {
  store_ = std::move(store);
  born_wall_ = stage_.clock.wall();
}

void Witness::spend(const Receipt& receipt) {
  held_.erase(receipt.id);
  spent_.add(receipt);
}

void Witness::use_stale(const Receipt& receipt) {
  Receipt shown = receipt;
  const auto held = held_.find(receipt.id);
  if (held != held_.end() && stage_.planted(Planted::kAcceptsStale)) shown = held->second;
  store_->settle(shown, Settlement::kSucceeded, [this, receipt](SettleResult result) {
    stage_.seen.tell(&Observer::on_stale_used, receipt, result);
  });
}

void Witness::accept(NewCall call, Accepted accepted) {
  stage_.seen.tell(&Observer::on_accept_asked, call);
  if (stage_.planted(Planted::kShedsLineage)) call.lineage.reset();
  store_->accept(std::move(call),
                 [this, id = call.id, accepted = std::move(accepted)](const Result<void>& result) {
                   if (result) stage_.seen.tell(&Observer::on_accepted, id);
                   accepted(result);
                 });
}

void Witness::settle(const Receipt& receipt, Ending ending, Settled settled) {
  const End end(ending);
  stage_.seen.tell(&Observer::on_settle_asked, receipt, end);
  spend(receipt);
  Settled told = [this, receipt, end, settled = std::move(settled)](SettleResult result) {
    if (result == SettleResult::kDone) say_settled(receipt, end);
    if (result == SettleResult::kNoRoom) spent_.remove(receipt);  // it holds, and is used again
    settled(result);
  };
  if (stage_.planted(Planted::kSwallowsSettle) && rng_.one_in(10)) return told(SettleResult::kDone);
  if (stage_.planted(Planted::kLosesSuccessor) && rng_.one_in(10)) ending.successor.reset();
  store_->settle(receipt, std::move(ending), std::move(told));
}

void Witness::say_settled(const Receipt& receipt, End end) {
  end.successor_is_there = end.successor && store_->find(*end.successor);
  stage_.seen.tell(&Observer::on_settled, receipt, end);
}

void Witness::postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                       Settled settled) {
  spend(receipt);
  store_->postpone(receipt, due, spends, std::move(report), std::move(settled));
}

// Whether a stop ends the call here is known when it is answered; before that it may have.
void Witness::stop(FunctionId function, const CallId& id, Stopped stopped) {
  const Receipt waiting{id, FunctionId{}, Epoch{}};
  const auto found = store_->find(id);
  if (found && found->state != CallState::kDequeued) {
    stage_.seen.tell(&Observer::on_settle_asked, waiting, End(Settlement::kStopped));
  }
  if (stage_.planted(Planted::kStopForgotten) && found && found->state == CallState::kEnqueued) {
    return stopped(StopResult::kStopped);
  }
  store_->stop(function, id, [this, waiting, stopped = std::move(stopped)](StopResult result) {
    if (result == StopResult::kStopped) say_settled(waiting, End(Settlement::kStopped));
    stopped(result);
  });
}

void Witness::give_back(const Receipt& receipt) {
  spend(receipt);
  store_->give_back(receipt);
}

void Witness::on_claimed(FunctionId function, std::vector<ClaimedCall> calls) {
  if (stage_.planted(Planted::kForgetsDelayed)) {
    const auto forgotten = [this](const ClaimedCall& call) {
      CallPosition position;
      position.accepted = call.accepted;
      position.due = call.due;
      return forgets(position);
    };
    calls.erase(std::remove_if(calls.begin(), calls.end(), forgotten), calls.end());
  }
  for (const ClaimedCall& call : calls) {
    held_[call.receipt.id] = call.receipt;
    stage_.seen.tell(&Observer::on_claimed, call);
  }
  pump_.on_claimed(function, std::move(calls));
}

// Planted: accepted in an earlier life, and delayed when this one began.
bool Witness::forgets(const CallPosition& position) const {
  return stage_.planted(Planted::kForgetsDelayed) && position.accepted < born_wall_ &&
         position.due > born_wall_;
}

std::optional<CallPosition> Witness::find(const CallId& id) const {
  const auto found = store_->find(id);
  return found && forgets(*found) ? std::nullopt : found;
}

QueueCounts Witness::counts() const {
  QueueCounts counts = store_->counts();
  if (stage_.planted(Planted::kMiscounts) && counts.settled > 3) ++counts.accepted;
  return counts;
}

}  // namespace convoke::sim
