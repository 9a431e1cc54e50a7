#include "tests/sim/shared/witness.h"

namespace convoke::sim::shared {

void Witness::accept(NewCall call, Accepted accepted) {
  stage_.seen.tell(&Observer::on_accept_asked, call);
  if (stage_.planted(Planted::kIgnoresDelay)) call.due = call.accepted;
  if (stage_.planted(Planted::kShedsLineage)) call.lineage.reset();
  if (stage_.planted(Planted::kAcknowledgesUnsaid) && rng_.one_in(4)) {
    store_->accept(std::move(call), [](const Result<void>&) {});
    return accepted({});
  }
  store_->accept(std::move(call),
                 [this, id = call.id, accepted = std::move(accepted)](const Result<void>& result) {
                   if (result) stage_.seen.tell(&Observer::on_accepted, id);
                   accepted(result);
                 });
}

void Witness::settle(const Receipt& receipt, Ending ending, Settled settled) {
  const End end(ending);
  stage_.seen.tell(&Observer::on_settle_asked, receipt, end);
  stage_.seen.tell(&Observer::on_end_asked, receipt, Asked::kSettle);
  Settled told = [this, receipt, end, settled = std::move(settled)](SettleResult result) {
    if (result == SettleResult::kDone) stage_.seen.tell(&Observer::on_settled, receipt, end);
    settled(result);
  };
  if (stage_.planted(Planted::kSwallowsSettle) && rng_.one_in(10)) return told(SettleResult::kDone);
  store_->settle(receipt, std::move(ending), telling(receipt, Asked::kSettle, std::move(told)));
}

void Witness::postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                       Settled settled) {
  stage_.seen.tell(&Observer::on_end_asked, receipt, Asked::kPostpone);
  store_->postpone(receipt, due, spends, std::move(report),
                   telling(receipt, Asked::kPostpone, std::move(settled)));
}

Queue::Settled Witness::telling(const Receipt& receipt, Asked what, Settled settled) {
  return [this, receipt, what, settled = std::move(settled)](SettleResult result) {
    if (result == SettleResult::kDone) {
      stage_.seen.tell(&Observer::on_end_written, receipt, what);
    }
    settled(result);
  };
}

void Witness::give_back(const Receipt& receipt) {
  stage_.seen.tell(&Observer::on_end_asked, receipt, Asked::kGiveBack);
  store_->give_back(receipt);
}

void Witness::on_claimed(FunctionId function, std::vector<ClaimedCall> calls) {
  Holder holder = holder_;
  holder.incarnation = store_->incarnation();
  for (ClaimedCall& call : calls) {
    if (stage_.planted(Planted::kHidesRepeats)) call.maybe_repeated = false;
    stage_.seen.tell(&Observer::on_claimed, call);
    stage_.seen.tell(&Observer::on_handed_out, holder, call);
  }
  pump_.on_claimed(function, std::move(calls));
}

}  // namespace convoke::sim::shared
