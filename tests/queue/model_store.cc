#include "tests/queue/model_store.h"

#include <algorithm>

namespace convoke::fake {
namespace {

Error error(ErrorCode code, const char* what, std::optional<Seconds> retry_after = std::nullopt) {
  return Error{code, what, retry_after};
}

Error unavailable() { return error(ErrorCode::kServiceUnavailable, "a write failed; restart"); }

}  // namespace

ModelStore::ModelStore(Committed& committed, const Limits& limits, const Clock& clock,
                       QueueListener& listener)
    : committed_(committed), limits_(limits), clock_(clock), listener_(listener) {
  ++committed_.incarnation;
  for (const auto& [id, kept] : committed_.calls) recover(kept);
}

// What fell due while no engine ran joined then.
void ModelStore::recover(const Kept& kept) {
  const CallId id = kept.call.id;
  (void)add(kept.call);
  Call& call = calls_.at(id);
  call.kept = kept;
  call.maybe_repeated = true;
  if (kept.next > kept.call.accepted) {
    call.kept.place = std::max(kept.place, Place{kept.next, 0});
  }
  last_place_ = std::max(last_place_, kept.place);
  ++counts_.accepted;
  ++lines_[kept.call.function].counts.accepted;
  wait(call);
}

// ---- what is asked ----

void ModelStore::accept(NewCall call, Accepted accepted) {
  std::optional<Error> refused = refusal(call);
  if (!refused && full(call.function)) {
    refused = error(ErrorCode::kResourceThrottled, "the queue is full", Seconds{1});
  }
  if (refused) {
    return later([accepted = std::move(accepted), why = *refused] { accepted(why); });
  }
  write({{add(std::move(call))}, [accepted = std::move(accepted)](bool written) {
           accepted(written ? Result<void>{} : unavailable());
         }});
}

std::optional<Error> ModelStore::refusal(const NewCall& call) const {
  if (poisoned_) return unavailable();
  const bool named = !call.name.empty();
  if (calls_.contains(call.id) || (named && names_.contains({call.function, call.name}))) {
    return error(ErrorCode::kCallAlreadyExists, "it exists");
  }
  if (call.event.size() > kEventBytesMax) return error(ErrorCode::kEntityTooLarge, "too large");
  return std::nullopt;
}

bool ModelStore::full(FunctionId function) const {
  const auto line = lines_.find(function);
  return calls_.size() >= limits_.depth_max ||
         (line != lines_.end() && line->second.depth >= limits_.depth_per_function_max);
}

ModelStore::Record ModelStore::add(NewCall call) {
  Call added;
  added.kept.next = call.due;
  added.kept.place = next_place();
  added.kept.call = std::move(call);
  const NewCall& made = added.kept.call;
  if (!made.name.empty()) names_.emplace(made.function, made.name);
  ++lines_[made.function].depth;
  Record record{Record::What::kAccept, added.kept};
  calls_.emplace(made.id, std::move(added));
  return record;
}

void ModelStore::forget(const CallId& id) {
  const NewCall& call = calls_.at(id).kept.call;
  names_.erase({call.function, call.name});
  --lines_[call.function].depth;
  calls_.erase(id);
}

void ModelStore::claim(FunctionId function, std::size_t max) {
  std::vector<ClaimedCall> taken;
  Line& line = lines_[function];
  while (!poisoned_ && taken.size() < max && !line.ready.empty()) {
    Call& call = calls_.at(line.ready.begin()->second);
    const NewCall& made = call.kept.call;
    stand(call, Stand::kClaimed);
    ClaimedCall one;
    one.receipt = {made.id, function, Epoch::of(committed_.incarnation, ++call.attempt)};
    one.qualifier = made.qualifier;
    one.name = made.name;
    one.event = made.event;
    one.lineage = made.lineage;
    one.accepted = made.accepted;
    one.due = made.due;
    one.function_errors = call.kept.function_errors;
    one.retries = call.kept.retries;
    one.maybe_repeated = call.maybe_repeated;
    taken.push_back(std::move(one));
  }
  const bool left = !line.ready.empty() && !poisoned_;
  later([this, function, left, taken = std::move(taken)]() mutable {
    listener_.on_claimed(function, std::move(taken));
    if (left) listener_.on_ready(function);
  });
}

ModelStore::Call* ModelStore::claimed(const Receipt& receipt) {
  const auto found = calls_.find(receipt.id);
  if (found == calls_.end() || found->second.stand != Stand::kClaimed) return nullptr;
  Call& call = found->second;
  const bool current = receipt.epoch == Epoch::of(committed_.incarnation, call.attempt);
  return current ? &call : nullptr;
}

void ModelStore::settle(const Receipt& receipt, Ending ending, Settled settled) {
  Call* const call = claimed(receipt);
  if (call == nullptr || poisoned_) {
    const SettleResult why = call == nullptr ? SettleResult::kStale : SettleResult::kStoreFailed;
    return later([why, settled = std::move(settled)] { settled(why); });
  }
  if (const auto refused = ending.successor ? refusal(*ending.successor) : std::nullopt) {
    if (refused->code != ErrorCode::kCallAlreadyExists) {
      return later([settled = std::move(settled)] { settled(SettleResult::kNoRoom); });
    }
    ending.successor.reset();
  }
  end(*call, std::move(ending.successor), [settled = std::move(settled)](bool written) {
    settled(written ? SettleResult::kDone : SettleResult::kStoreFailed);
  });
}

void ModelStore::end(Call& call, std::optional<NewCall> successor,
                     std::function<void(bool)> answer) {
  stand(call, Stand::kEnding);
  Write ended;
  if (successor) ended.records.push_back(add(*std::move(successor)));
  ended.records.push_back({Record::What::kEnd, call.kept});
  ended.answer = std::move(answer);
  write(std::move(ended));
}

void ModelStore::postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport,
                          Settled settled) {
  Call* const call = claimed(receipt);
  if (call == nullptr || poisoned_) {
    const SettleResult why = call == nullptr ? SettleResult::kStale : SettleResult::kStoreFailed;
    return later([why, settled = std::move(settled)] { settled(why); });
  }
  stand(*call, Stand::kEnding);
  Record record{Record::What::kPostpone, call->kept};
  record.kept.next = due;
  ++record.kept.retries;
  if (spends == Spends::kAttempt) ++record.kept.function_errors;
  write({{std::move(record)}, [settled = std::move(settled)](bool written) {
           settled(written ? SettleResult::kDone : SettleResult::kStoreFailed);
         }});
}

void ModelStore::give_back(const Receipt& receipt) {
  if (Call* const call = claimed(receipt)) stand(*call, Stand::kReady);
}

void ModelStore::stop(FunctionId /*any*/, const CallId& id, Stopped stopped) {
  const auto say = [&](StopResult result) {
    later([result, stopped = std::move(stopped)] { stopped(result); });
  };
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second.stand == Stand::kAccepting) {
    return say(StopResult::kUnknown);
  }
  if (poisoned_) return say(StopResult::kStoreFailed);
  Call& call = found->second;
  if (call.stand == Stand::kClaimed || call.stand == Stand::kEnding) {
    return say(StopResult::kUnderWay);
  }
  end(call, std::nullopt, [stopped = std::move(stopped)](bool written) {
    stopped(written ? StopResult::kStopped : StopResult::kStoreFailed);
  });
}

// ---- what becomes durable ----

void ModelStore::write(Write write) { asked_.push_back(std::move(write)); }

void ModelStore::submit() {
  if (!asked_.empty()) batches_.push_back(std::exchange(asked_, {}));
}

bool ModelStore::step() {
  const bool joined = join_due();
  const bool written = write_batch();
  const bool said = deliver();
  return joined || written || said;
}

bool ModelStore::write_batch() {
  if (batches_.empty()) return false;
  poisoned_ = poisoned_ || failing_;
  const std::vector<Write> batch = std::move(batches_.front());
  batches_.pop_front();
  for (const Write& one : batch) {
    for (const Record& record : one.records) poisoned_ ? fail(record) : commit(record);
    later([answer = one.answer, written = !poisoned_] { answer(written); });
  }
  return true;
}

bool ModelStore::deliver() {
  const auto saying = std::exchange(to_say_, {});
  for (const auto& say : saying) say();
  return !saying.empty();
}

void ModelStore::commit(const Record& record) {
  const CallId id = record.kept.call.id;
  Call& call = calls_.at(id);
  if (record.what == Record::What::kEnd) {
    count(counts_, call.stand, -1);
    QueueCounts& line = lines_[record.kept.call.function].counts;
    count(line, call.stand, -1);
    ++counts_.settled;
    ++line.settled;
    committed_.calls.erase(id);
    return forget(id);
  }
  call.kept = committed_.calls[id] = record.kept;
  if (record.what == Record::What::kAccept) {
    ++counts_.accepted;
    ++lines_[record.kept.call.function].counts.accepted;
    return wait(call);
  }
  call.maybe_repeated = false;
  if (call.kept.next <= clock_.wall()) return join(call);
  wait(call);
}

void ModelStore::fail(const Record& record) {
  if (record.what == Record::What::kAccept) return forget(record.kept.call.id);
  stand(calls_.at(record.kept.call.id), Stand::kClaimed);
}

void ModelStore::crash(const std::function<bool(const Record&)>& survived) {
  submit();
  for (const std::vector<Write>& batch : batches_) {
    for (const Write& one : batch) {
      for (const Record& record : one.records) {
        if (failing_ || !survived(record)) break;  // an end not without its successor
        if (record.what == Record::What::kEnd) {
          committed_.calls.erase(record.kept.call.id);
        } else {
          committed_.calls[record.kept.call.id] = record.kept;
        }
      }
    }
  }
}

// ---- where a call stands ----

void ModelStore::wait(Call& call) {
  const WallTime next = call.kept.next;
  const bool at_once = next <= call.kept.call.accepted || next <= clock_.wall();
  stand(call, at_once ? Stand::kReady : Stand::kDelayed);
}

void ModelStore::join(Call& call) {
  call.kept.place = next_place();
  stand(call, Stand::kReady);
}

bool ModelStore::join_due() {
  bool joined = false;
  while (!delayed_.empty() && delayed_.begin()->first <= clock_.wall()) {
    Call& call = calls_.at(delayed_.begin()->second);
    join(call);
    joined = true;
  }
  return joined;
}

ModelStore::Place ModelStore::next_place() {
  const WallTime now = clock_.wall();
  last_place_ =
      now > last_place_.joined ? Place{now, 0} : Place{last_place_.joined, last_place_.number + 1};
  return last_place_;
}

void ModelStore::stand(Call& call, Stand stand) {
  const CallId id = call.kept.call.id;
  Line& line = lines_[call.kept.call.function];
  delayed_.erase({call.kept.next, id});
  for (auto at = line.ready.begin(); call.stand == Stand::kReady && at != line.ready.end(); ++at) {
    if (at->second != id) continue;
    line.ready.erase(at);
    break;
  }
  count(counts_, call.stand, -1);
  count(line.counts, call.stand, -1);
  call.stand = stand;
  count(counts_, call.stand, 1);
  count(line.counts, call.stand, 1);
  if (stand == Stand::kDelayed) delayed_.emplace(call.kept.next, id);
  if (stand != Stand::kReady) return;
  line.ready.emplace(call.kept.place, id);
  if (line.ready.size() > 1) return;
  later([this, function = call.kept.call.function] { listener_.on_ready(function); });
}

void ModelStore::count(QueueCounts& counts, Stand stand, int by) {
  const auto add = static_cast<std::uint64_t>(by);  // wraps: -1 takes one away
  if (stand == Stand::kReady) counts.ready += add;
  if (stand == Stand::kDelayed) counts.delayed += add;
  if (stand == Stand::kClaimed || stand == Stand::kEnding) counts.claimed += add;
}

// ---- what can be seen ----

std::optional<WallTime> ModelStore::oldest_ready(FunctionId function) const {
  const auto line = lines_.find(function);
  if (line == lines_.end() || line->second.ready.empty()) return std::nullopt;
  return calls_.at(line->second.ready.begin()->second).kept.call.accepted;
}

std::uint64_t ModelStore::ahead_of(const CallId& id) const {
  const Kept& kept = calls_.at(id).kept;
  const auto& ready = lines_.at(kept.call.function).ready;
  const auto before = std::distance(ready.begin(), ready.find({kept.place, id}));
  return std::min(static_cast<std::uint64_t>(before), kAheadMax + 1);
}

std::optional<CallPosition> ModelStore::find(const CallId& id) const {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second.stand == Stand::kAccepting) return std::nullopt;
  const auto& [kept, stand, attempt, repeated] = found->second;
  CallPosition position;
  position.function = kept.call.function;
  position.accepted = kept.call.accepted;
  position.due = kept.next;
  position.retries = kept.retries;
  if (stand == Stand::kReady) position.ahead = ahead_of(id);
  if (stand == Stand::kClaimed || stand == Stand::kEnding) {
    position.state = CallState::kDequeued;
  } else if (kept.retries > 0) {
    position.state = CallState::kRetrying;
  }
  return position;
}

QueueCounts ModelStore::counts(FunctionId function) const {
  const auto line = lines_.find(function);
  return line == lines_.end() ? QueueCounts{} : line->second.counts;
}

QueueCounts ModelStore::counts() const { return counts_; }

Result<void> ModelStore::health() const {
  return poisoned_ ? Result<void>{unavailable()} : Result<void>{};
}

}  // namespace convoke::fake
