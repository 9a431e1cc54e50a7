#include "queue/journal/store.h"

#include <algorithm>

#include "queue/journal/recovery.h"

namespace convoke::journal {
namespace {

constexpr Seconds kFullRetryAfter{1};  // for the caller of a queue that is full: it drains in calls
// A step forwards of the wall clock is noticed within this, while anything is delayed.
constexpr Seconds kWallCheckEvery{1};
constexpr std::size_t kJoinsPerTurnMax = 1000;  // a turn stays short however many fall due at once
constexpr Seconds kReadRetry{1};

Error unavailable(const Error& why) {
  return Error{ErrorCode::kServiceUnavailable,
               "the queue cannot write: " + why.message + "; restart the engine", std::nullopt};
}

Error disk_full(const Error& why) {
  return Error{ErrorCode::kServiceUnavailable,
               "disk full: no room for another call: " + why.message, kFullRetryAfter};
}

bool due_at_once(WallTime accepted, WallTime due, WallTime now) {
  return due <= accepted || due <= now;
}

}  // namespace

Result<std::unique_ptr<JournalStore>> JournalStore::open(Options options,
                                                         std::vector<JournalPlace> journals,
                                                         std::uint32_t incarnation,
                                                         const Clock& clock, TimerWheel& wheel,
                                                         QueueListener& listener) {
  ENSURE(!journals.empty() && incarnation > 0);
  ENSURE(options.segment_bytes >= kSegmentBytesMin && options.segment_bytes <= kSegmentBytesMax);
  std::vector<Recovered> recovered;
  for (const JournalPlace& place : journals) {
    auto one = recover(*place.dir, place.number, options.segment_bytes);
    if (!one.ok()) return one.error();
    recovered.push_back(std::move(*one));
  }
  std::unique_ptr<JournalStore> store(
      new JournalStore(std::move(options), incarnation, clock, wheel, listener));
  for (std::size_t i = 0; i < journals.size(); ++i) {
    store->adopt(std::move(journals[i]), std::move(recovered[i]));
  }
  store->arm_due_timer();
  return store;
}

JournalStore::JournalStore(Options options, std::uint32_t incarnation, const Clock& clock,
                           TimerWheel& wheel, QueueListener& listener)
    : options_(std::move(options)),
      incarnation_(incarnation),
      clock_(clock),
      wheel_(wheel),
      index_(options_.event_bytes_in_memory_max),
      outbox_(wheel, listener) {}

JournalStore::~JournalStore() = default;

void JournalStore::adopt(JournalPlace place, Recovered recovered) {
  Journal journal;
  journal.dir = std::move(place.dir);
  const Writer::Place at{place.number, incarnation_, options_.segment_bytes, options_.secret,
                         journals_.empty()};
  WriterClient& self = *this;
  journal.writer =
      std::make_unique<Writer>(at, *journal.dir, recovered, clock_, wheel_, self, options_.alarm);
  journal.compaction = std::make_unique<Compaction>(index_, *journal.writer, options_.segment_bytes,
                                                    wheel_, options_.alarm);
  std::sort(recovered.calls.begin(), recovered.calls.end(),
            [](const RecoveredCall& a, const RecoveredCall& b) { return a.order < b.order; });
  for (const RecoveredCall& call : recovered.calls) adopt(*journal.writer, call);
  journal.writer->begin(recovered.calls.size());
  journals_.push_back(std::move(journal));
}

void JournalStore::adopt(Writer& writer, const RecoveredCall& call) {
  if (index_.find(call.id) != kNoSlot) {
    options_.alarm("journal: two journals hold the call " + call.id.text() + "; one is left alone");
    return;
  }
  const Slot slot = index_.add(call.id, call.function, call.name);
  Entry& entry = index_.at(slot);
  entry.writer = &writer;
  entry.location = Location{writer.segment(call.segment), call.offset, call.size};
  entry.accepted = call.accepted;
  entry.due = call.due;
  entry.function_errors = call.function_errors;
  entry.retries = call.retries;
  entry.maybe_repeated = true;
  entry.order = call.order;
  keys_.seen(call.order);
  writer.hold(entry.location);
  index_.accepted(slot);
  const WallTime now = clock_.wall();
  if (!due_at_once(call.accepted, call.due, now)) {
    index_.delay(slot, call.due);
    return;
  }
  // What fell due while no engine ran joined then.
  if (call.due > call.accepted) entry.order = std::max(entry.order, OrderKeys::at(call.due));
  become_ready(slot);
}

void JournalStore::accept(NewCall call, Accepted accepted) {
  if (auto refused = refusal(call)) {
    return outbox_.later(AcceptAnswer{std::move(accepted), *std::move(refused)});
  }
  const Slot slot = index_.add(call.id, call.function, call.name);
  Writer& writer = *journals_.front().writer;
  Entry& entry = index_.at(slot);
  entry.writer = &writer;
  entry.accepted = call.accepted;
  entry.due = call.due;
  entry.order = keys_.next(clock_.wall());
  AcceptedRecord record;
  record.id = call.id;
  record.function = call.function;
  record.order = entry.order;
  record.accepted = call.accepted;
  record.due = call.due;
  record.qualifier = call.qualifier;
  record.name = call.name;
  record.event = call.event;
  Write write;
  write.purpose = Purpose::kAccept;
  write.slot = slot;
  write.id = call.id;
  write.record = encode(record);
  write.accepted = std::move(accepted);
  index_.keep_body(slot, std::make_unique<Body>(Body{std::move(call.qualifier),
                                                     std::move(call.name), std::move(call.event)}));
  writer.write(std::move(write));
}

std::optional<Error> JournalStore::refusal(const NewCall& call) const {
  if (poisoned_) return unavailable(*poisoned_);
  if (!call.name.empty() && index_.name_taken(call.function, call.name)) {
    return Error{ErrorCode::kCallAlreadyExists,
                 "an unfinished call named '" + call.name + "' exists", std::nullopt};
  }
  if (index_.find(call.id) != kNoSlot) {
    return Error{ErrorCode::kCallAlreadyExists, "the call " + call.id.text() + " exists",
                 std::nullopt};
  }
  if (call.name.size() > kNameBytesMax || call.qualifier.size() > kNameBytesMax) {
    return Error{
        ErrorCode::kInvalidArgument,
        "a call's name and qualifier are at most " + std::to_string(kNameBytesMax) + " bytes long",
        std::nullopt};
  }
  const std::size_t max = std::min(kRecordBytesMax, journals_.front().writer->usable_bytes());
  if (accepted_bytes(call.qualifier.size(), call.name.size(), call.event.size()) > max) {
    return Error{ErrorCode::kEntityTooLarge,
                 "the event does not fit in a record of " + std::to_string(max) + " bytes",
                 std::nullopt};
  }
  const FunctionLine* const line = index_.find_line(call.function);
  if (index_.depth() >= options_.depth_max ||
      (line != nullptr && line->depth >= options_.depth_per_function_max)) {
    return Error{ErrorCode::kResourceThrottled,
                 "the queue is full: too many calls wait; try again later", kFullRetryAfter};
  }
  return std::nullopt;
}

void JournalStore::claim(FunctionId function, std::size_t max) {
  Claim claim;
  claim.function = function;
  const std::uint64_t number = next_claim_++;
  std::vector<std::pair<std::size_t, Slot>> to_read;
  FunctionLine& line = index_.line(function);
  while (!poisoned_ && claim.calls.size() < max) {
    const Slot slot = index_.claim_first(line);
    if (slot == kNoSlot) break;
    if (index_.at(slot).body == nullptr) to_read.emplace_back(claim.calls.size(), slot);
    claim.calls.push_back(start_attempt(slot));
  }
  if (to_read.empty()) return answer(std::move(claim));
  claim.reads = to_read.size();
  claims_.emplace(number, std::move(claim));
  for (const auto& [position, slot] : to_read) read_event(number, position, slot);
}

ClaimedCall JournalStore::start_attempt(Slot slot) {
  Entry& entry = index_.at(slot);
  ++entry.attempt;
  ClaimedCall call;
  call.receipt = Receipt{entry.id, entry.line->id, Epoch::of(incarnation_, entry.attempt)};
  call.accepted = entry.accepted;
  call.due = entry.due;
  call.function_errors = entry.function_errors;
  call.retries = entry.retries;
  call.maybe_repeated = entry.maybe_repeated;
  if (auto body = index_.take_body(slot)) {
    call.qualifier = std::move(body->qualifier);
    call.name = std::move(body->name);
    call.event = std::move(body->event);
  }
  return call;
}

void JournalStore::read_event(std::uint64_t claim, std::size_t position, Slot slot) {
  const Location from = index_.at(slot).location;  // compaction may move the call meanwhile
  ++from.segment->reads;
  from.segment->file.file->read(
      from.offset, from.size,
      [this, claim, position, slot, from](const Result<std::string>& bytes) {
        --from.segment->reads;
        on_event_read(claim, position, slot, from, bytes);
      });
}

void JournalStore::on_event_read(std::uint64_t number, std::size_t position, Slot slot,
                                 const Location& from, const Result<std::string>& bytes) {
  const auto at = claims_.find(number);
  Claim& claim = at->second;
  ClaimedCall& call = claim.calls[position];
  const Entry& entry = index_.at(slot);
  const auto record = bytes.ok() ? decode(*bytes, from.segment->salt) : std::nullopt;
  const auto found = record ? as_accepted(*record) : std::nullopt;
  if (found && found->id == call.receipt.id) {
    call.qualifier = found->qualifier;
    call.name = found->name;
    call.event = found->event;
  } else {
    options_.alarm("journal: the event of " + entry.id.text() +
                   " could not be read: " + (bytes.ok() ? "it is damaged" : bytes.error().message));
    call.receipt.epoch = Epoch{};  // not handed out
    index_.delay(slot, clock_.wall() + kReadRetry);
    arm_due_timer();
  }
  if (--claim.reads > 0) return;
  Claim whole = std::move(claim);
  claims_.erase(at);
  whole.calls.erase(
      std::remove_if(whole.calls.begin(), whole.calls.end(),
                     [](const ClaimedCall& one) { return one.receipt.epoch == Epoch{}; }),
      whole.calls.end());
  answer(std::move(whole));
}

void JournalStore::answer(Claim claim) {
  const FunctionId function = claim.function;
  outbox_.later(ClaimAnswer{function, std::move(claim.calls)});
  if (index_.line(function).first != kNoSlot && !poisoned_) outbox_.later(ReadyNews{function});
}

void JournalStore::settle(const Receipt& receipt, Settlement settlement, Settled settled) {
  const Slot slot = claimed(receipt);
  if (slot == kNoSlot) return outbox_.later(SettleAnswer{std::move(settled), SettleResult::kStale});
  Write write;
  write.purpose = Purpose::kFinish;
  write.settled = std::move(settled);
  write.record = encode(FinishedRecord{receipt.id, clock_.wall(), settlement});
  end_attempt(slot, std::move(write));
}

void JournalStore::postpone(const Receipt& receipt, WallTime due, Spends spends, Settled settled) {
  const Slot slot = claimed(receipt);
  if (slot == kNoSlot) return outbox_.later(SettleAnswer{std::move(settled), SettleResult::kStale});
  const Entry& entry = index_.at(slot);
  Write write;
  write.purpose = Purpose::kPostpone;
  write.settled = std::move(settled);
  write.attempt.id = receipt.id;
  write.attempt.due = due;
  write.attempt.retries = entry.retries + 1;
  write.attempt.function_errors = entry.function_errors + (spends == Spends::kAttempt ? 1U : 0U);
  write.record = encode(write.attempt);
  end_attempt(slot, std::move(write));
}

void JournalStore::end_attempt(Slot slot, Write write) {
  if (poisoned_) {
    return outbox_.later(SettleAnswer{std::move(write.settled), SettleResult::kStoreFailed});
  }
  index_.ending(slot);
  write.slot = slot;
  write.id = index_.at(slot).id;
  index_.at(slot).writer->write(std::move(write));
}

void JournalStore::give_back(const Receipt& receipt) {
  const Slot slot = claimed(receipt);
  if (slot != kNoSlot) become_ready(slot);
}

Slot JournalStore::claimed(const Receipt& receipt) const {
  const Slot slot = index_.find(receipt.id);
  if (slot == kNoSlot) return kNoSlot;
  const Entry& entry = index_.at(slot);
  const bool current =
      entry.stand == Stand::kClaimed && receipt.epoch == Epoch::of(incarnation_, entry.attempt);
  return current ? slot : kNoSlot;
}

void JournalStore::submit() {
  for (Journal& journal : journals_) journal.writer->submit();
}

void JournalStore::on_placed(const Write& write) {
  if (write.purpose == Purpose::kFinish) index_.at(write.slot).finishing = true;
  if (write.purpose == Purpose::kPostpone) {
    Entry& entry = index_.at(write.slot);
    entry.due = write.attempt.due;
    entry.retries = write.attempt.retries;
    entry.function_errors = write.attempt.function_errors;
  }
}

void JournalStore::on_written(Writer& writer, Write write) {
  if (write.purpose == Purpose::kCopy) {
    for (Journal& journal : journals_) {
      if (journal.writer.get() == &writer) journal.compaction->on_copied(std::move(write));
    }
    return;
  }
  Entry& entry = index_.at(write.slot);
  if (write.purpose == Purpose::kAccept) {
    entry.location = write.location;
    writer.hold(entry.location);
    index_.accepted(write.slot);
    outbox_.later(AcceptAnswer{std::move(write.accepted), {}});
    if (due_at_once(entry.accepted, entry.due, clock_.wall())) return become_ready(write.slot);
    index_.delay(write.slot, entry.due);
    return arm_due_timer();
  }
  outbox_.later(SettleAnswer{std::move(write.settled), SettleResult::kDone});
  if (write.purpose == Purpose::kFinish) {
    writer.release(entry.location);
    return index_.remove(write.slot);
  }
  entry.maybe_repeated = false;
  if (entry.due <= clock_.wall()) return join(write.slot);
  index_.delay(write.slot, entry.due);
  arm_due_timer();
}

void JournalStore::on_refused(Write write, const Error& why) {
  index_.remove(write.slot);
  outbox_.later(AcceptAnswer{std::move(write.accepted), disk_full(why)});
}

void JournalStore::on_failed(Write write, const Error& why) {
  if (write.purpose == Purpose::kAccept) {
    index_.remove(write.slot);
    outbox_.later(AcceptAnswer{std::move(write.accepted), unavailable(why)});
  } else if (write.purpose != Purpose::kCopy) {
    index_.claimed_again(write.slot);
    outbox_.later(SettleAnswer{std::move(write.settled), SettleResult::kStoreFailed});
  }
}

void JournalStore::on_poisoned(const Error& why) {
  if (!poisoned_) poisoned_ = why;
}

void JournalStore::on_progress(Writer& writer) {
  for (Journal& journal : journals_) {
    if (journal.writer.get() == &writer) journal.compaction->on_progress();
  }
  outbox_.deliver();
}

void JournalStore::become_ready(Slot slot) {
  if (index_.ready(slot) == Index::Was::kFirst) outbox_.later(ReadyNews{index_.at(slot).line->id});
}

void JournalStore::join(Slot slot) {
  index_.at(slot).order = keys_.next(clock_.wall());
  become_ready(slot);
}

void JournalStore::join_due() {
  for (std::size_t joined = 0; joined < kJoinsPerTurnMax; ++joined) {
    const Slot slot = index_.take_due(clock_.wall());
    if (slot == kNoSlot) break;
    join(slot);
  }
  arm_due_timer();
  outbox_.deliver();
}

void JournalStore::arm_due_timer() {
  const auto due = index_.next_due();
  if (!due) return due_timer_.cancel();
  const WallTime now = clock_.wall();
  if (*due <= now) return wheel_.schedule(due_timer_, Instant{});
  const Duration wait = *due > now + kWallCheckEvery ? Duration{kWallCheckEvery} : *due - now;
  wheel_.schedule(due_timer_, clock_.now() + wait);
}

std::optional<WallTime> JournalStore::oldest_ready(FunctionId function) const {
  const FunctionLine* const line = index_.find_line(function);
  if (line == nullptr || line->first == kNoSlot) return std::nullopt;
  return index_.at(line->first).accepted;
}

std::optional<CallPosition> JournalStore::find(const CallId& id) const {
  const Slot slot = index_.find(id);
  if (slot == kNoSlot || index_.at(slot).stand == Stand::kAccepting) return std::nullopt;
  const Entry& entry = index_.at(slot);
  CallPosition position;
  position.function = entry.line->id;
  position.accepted = entry.accepted;
  position.due = entry.due;
  position.retries = entry.retries;
  if (entry.stand == Stand::kClaimed || entry.stand == Stand::kEnding) {
    position.state = CallState::kDequeued;
  } else if (entry.retries > 0) {
    position.state = CallState::kRetrying;
  }
  return position;
}

QueueCounts JournalStore::counts(FunctionId function) const {
  const FunctionLine* const line = index_.find_line(function);
  return line == nullptr ? QueueCounts{} : line->counts;
}

QueueCounts JournalStore::counts() const { return index_.counts(); }

Result<void> JournalStore::health() const {
  if (poisoned_) return unavailable(*poisoned_);
  const Writer& first = *journals_.front().writer;
  if (first.full() && !first.has_room(Purpose::kAccept, kAcceptedBytesMin)) {
    return disk_full(*first.full());
  }
  return {};
}

std::vector<std::uint32_t> JournalStore::drained_journals() const {
  std::vector<std::uint32_t> drained;
  for (std::size_t i = 1; i < journals_.size(); ++i) {
    const Writer& writer = *journals_[i].writer;
    if (writer.unsettled() == 0 && writer.at_rest()) drained.push_back(writer.journal());
  }
  return drained;
}

}  // namespace convoke::journal
