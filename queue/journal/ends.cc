// How attempts and calls come to their ends in a store.
#include <algorithm>
#include <utility>

#include "queue/journal/store.h"
#include "queue/journal/telling.h"

namespace convoke::journal {

void JournalStore::settle(const Receipt& receipt, Ending ending, Settled settled) {
  const Slot slot = claimed(receipt);
  if (slot == kNoSlot)
    return answers_.later(SettleAnswer{std::move(settled), SettleResult::kStale});
  if (!ending.successor || poisoned_) {
    return settle(slot, receipt, std::move(ending), std::move(settled));
  }
  index_.ending(slot);
  NewCall successor = *std::exchange(ending.successor, std::nullopt);
  settle_after(std::move(successor), receipt, std::move(ending), std::move(settled));
}

// The successor first: once it is durable this call may end, and not before.
void JournalStore::settle_after(NewCall successor, const Receipt& receipt, Ending ending,
                                Settled settled) {
  const auto kept = std::make_shared<Ending>(std::move(ending));
  accept(std::move(successor), Limits::kLifted,
         [this, receipt, kept, settled = std::move(settled)](const Result<void>& accepted) {
           const Slot slot = index_.find(receipt.id);
           const bool there =
               accepted.ok() || accepted.error().code == ErrorCode::kCallAlreadyExists;
           if (there) return settle(slot, receipt, std::move(*kept), settled);
           index_.claimed_again(slot);
           settled(poisoned_ ? SettleResult::kStoreFailed : SettleResult::kNoRoom);
         });
}

void JournalStore::settle(Slot slot, const Receipt& receipt, Ending ending, Settled settled) {
  const Settlement settlement = ending.settlement;
  Write write;
  write.purpose = Purpose::kFinish;
  write.settled = std::move(settled);
  FinishedRecord record{receipt.id, clock_.wall(), settlement, std::nullopt};
  if (options_.history != nullptr && (!index_.name_of(slot).empty() || ending.event)) {
    write.short_record = encode(record);
    record.told = told(slot, std::move(ending));
  }
  write.record = encode(record);
  if (options_.history != nullptr) write.facts = facts_of(record);
  end_attempt(slot, std::move(write));
}

EndTold JournalStore::told(Slot slot, Ending ending) const {
  const Entry& entry = index_.at(slot);
  EndTold told;
  told.function = entry.line->id;
  told.accepted = entry.accepted;
  told.due = entry.first_due;
  told.retries = entry.retries;
  told.report = std::move(ending.report);
  told.qualifier = std::move(ending.qualifier);
  told.name = index_.name_of(slot);
  told.destination_status = std::move(ending.destination_status);
  told.result_cut = ending.result_cut || ending.result.size() > kResultMax;
  told.result = std::move(ending.result);
  told.result.resize(std::min(told.result.size(), kResultMax));
  told.event = std::move(ending.event);
  return told;
}

void JournalStore::postpone(const Receipt& receipt, WallTime due, Spends spends,
                            AttemptReport report, Settled settled) {
  const Slot slot = claimed(receipt);
  if (slot == kNoSlot)
    return answers_.later(SettleAnswer{std::move(settled), SettleResult::kStale});
  const Entry& entry = index_.at(slot);
  Write write;
  write.purpose = Purpose::kPostpone;
  write.settled = std::move(settled);
  AttemptRecord& attempt = write.attempt;
  attempt.id = receipt.id;
  attempt.due = due;
  attempt.retries = entry.retries + 1;
  attempt.function_errors = entry.function_errors + (spends == Spends::kAttempt ? 1U : 0U);
  if (has_history(slot)) {
    write.short_record = encode(attempt);
    attempt.told = AttemptTold{clock_.wall(), std::move(report)};
    write.facts = facts_of(attempt);
  }
  write.record = encode(attempt);
  end_attempt(slot, std::move(write));
}

void JournalStore::end_attempt(Slot slot, Write write) {
  if (poisoned_) {
    return answers_.later(SettleAnswer{std::move(write.settled), SettleResult::kStoreFailed});
  }
  index_.ending(slot);
  write.slot = slot;
  write.id = index_.at(slot).id;
  index_.at(slot).writer->write(std::move(write));
}

void JournalStore::give_back(const Receipt& receipt) {
  const Slot slot = claimed(receipt);
  if (slot == kNoSlot) return;
  tell_volatile(slot, history::GivenBack{receipt.id, clock_.wall()});
  become_ready(slot);
}

void JournalStore::note_started(const Receipt& receipt, WallTime at,
                                const std::string& instance_id) {
  const Slot slot = claimed(receipt);
  if (slot != kNoSlot) tell_volatile(slot, history::Started{receipt.id, at, instance_id});
}

void JournalStore::stop(FunctionId /*any*/, const CallId& id, Stopped stopped) {
  const auto say = [this](Stopped to, StopResult result) {
    answers_.later(StopAnswer{std::move(to), result});
  };
  if (poisoned_) return say(std::move(stopped), StopResult::kStoreFailed);
  const Slot in_memory = index_.find(id);
  const Slot slot = in_memory == kNoSlot ? index_.withdraw_spilled(id) : in_memory;
  check_scratch();
  if (slot == kNoSlot || index_.at(slot).stand == Stand::kAccepting) {
    return say(std::move(stopped), poisoned_ ? StopResult::kStoreFailed : StopResult::kUnknown);
  }
  if (in_memory != kNoSlot && !index_.waits(slot)) {
    tell_volatile(slot, history::Stopping{id, clock_.wall()});
    return say(std::move(stopped), StopResult::kUnderWay);
  }
  if (in_memory != kNoSlot) index_.withdraw(slot);
  settle(slot, Receipt{id, index_.at(slot).line->id, {}}, Settlement::kStopped,
         [stopped = std::move(stopped)](SettleResult result) {
           stopped(result == SettleResult::kDone ? StopResult::kStopped : StopResult::kStoreFailed);
         });
}

Slot JournalStore::claimed(const Receipt& receipt) const {
  const Slot slot = index_.find(receipt.id);
  if (slot == kNoSlot) return kNoSlot;
  const Entry& entry = index_.at(slot);
  const bool current =
      entry.stand == Stand::kClaimed && receipt.epoch == Epoch::of(incarnation_, entry.attempt);
  return current ? slot : kNoSlot;
}

}  // namespace convoke::journal
