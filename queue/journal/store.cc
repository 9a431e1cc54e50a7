#include "queue/journal/store.h"

#include <algorithm>
#include <utility>

#include "queue/journal/recovery.h"
#include "queue/journal/telling.h"

namespace convoke::journal {
namespace {

constexpr Seconds kFullRetryAfter{1};  // for the caller of a queue that is full: it drains in calls
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

Error full(const std::string& what, std::uint64_t depth_max) {
  return Error{ErrorCode::kResourceThrottled,
               what + " is full: " + std::to_string(depth_max) +
                   " asynchronous calls have not ended, as many as one shard may hold; try again "
                   "later",
               kFullRetryAfter};
}

std::unique_ptr<Body> body_of(NewCall call) {
  auto body = std::make_unique<Body>();
  body->qualifier = std::move(call.qualifier);
  body->name = std::move(call.name);
  body->event = std::move(call.event);
  if (call.lineage) body->lineage = std::make_unique<const Lineage>(*call.lineage);
  return body;
}

}  // namespace

JournalStore::JournalStore(Options options, std::uint32_t incarnation, const Clock& clock,
                           TimerWheel& wheel, QueueListener& listener)
    : options_(std::move(options)),
      incarnation_(incarnation),
      clock_(clock),
      wheel_(wheel),
      index_(IndexLimits{options_.event_bytes_in_memory_max, options_.ready_in_memory_max,
                         options_.calls_in_memory_max, options_.delayed_in_memory_max},
             ScratchSpace{[this] { return journals_.front().dir->scratch(); },
                          options_.scratch_block_bytes}),
      claims_(
          index_,
          [this](FunctionId function, std::vector<ClaimedCall> calls) {
            answer(function, std::move(calls));
          },
          [this](Slot slot, const std::string& why) { on_unreadable(slot, why); }),
      answers_(wheel, listener) {}

JournalStore::~JournalStore() = default;

void JournalStore::accept(NewCall call, Accepted accepted) {
  accept(std::move(call), Limits::kHold, std::move(accepted));
}

void JournalStore::accept(NewCall call, Limits limits, Accepted accepted) {
  if (auto refused = refusal(call, limits)) {
    return answers_.later(AcceptAnswer{std::move(accepted), *std::move(refused)});
  }
  const Slot slot = index_.add(call.id, call.function, call.name);
  Writer& writer = *journals_.front().writer;
  Entry& entry = index_.at(slot);
  entry.writer = &writer;
  entry.accepted = call.accepted;
  entry.due = entry.first_due = call.due;
  entry.order = keys_.next(clock_.wall());
  AcceptedRecord record;
  record.id = call.id;
  record.function = call.function;
  record.order = entry.order;
  record.accepted = call.accepted;
  record.due = record.next = call.due;
  record.qualifier = call.qualifier;
  record.name = call.name;
  record.event = call.event;
  record.lineage = call.lineage;
  Write write;
  write.purpose = Purpose::kAccept;
  write.slot = slot;
  write.id = call.id;
  write.record = encode(record);
  write.accepted = std::move(accepted);
  if (options_.history != nullptr) write.facts = facts_of(record);
  index_.keep_body(slot, body_of(std::move(call)));
  writer.write(std::move(write));
}

std::optional<Error> JournalStore::refusal(const NewCall& call, Limits limits) const {
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
  const std::size_t lineage = call.lineage ? store_lineage(*call.lineage).size : 0;
  if (accepted_bytes(call.qualifier.size(), call.name.size(), call.event.size(), lineage) > max) {
    return Error{ErrorCode::kEntityTooLarge,
                 "the event does not fit in a record of " + std::to_string(max) + " bytes",
                 std::nullopt};
  }
  if (limits == Limits::kLifted) return std::nullopt;
  const FunctionLine* const line = index_.find_line(call.function);
  if (line != nullptr && line->depth >= options_.depth_per_function_max) {
    return full("this function's queue", options_.depth_per_function_max);
  }
  if (index_.depth() >= options_.depth_max) {
    return full("the queue of all functions", options_.depth_max);
  }
  return std::nullopt;
}

void JournalStore::claim(FunctionId function, std::size_t max) {
  std::vector<Claims::Taken> taken;
  FunctionLine& line = index_.line(function);
  while (!poisoned_ && taken.size() < max) {
    const Slot slot = index_.claim_first(line);
    if (slot == kNoSlot) break;
    taken.push_back(start_attempt(slot));
  }
  check_scratch();
  if (poisoned_) taken.clear();  // their ends could not be written
  claims_.begin(function, std::move(taken));
}

Claims::Taken JournalStore::start_attempt(Slot slot) {
  Entry& entry = index_.at(slot);
  ++entry.attempt;
  Claims::Taken taken;
  taken.slot = slot;
  ClaimedCall& call = taken.call;
  call.receipt = Receipt{entry.id, entry.line->id, Epoch::of(incarnation_, entry.attempt)};
  call.accepted = entry.accepted;
  call.due = entry.first_due;
  call.function_errors = entry.function_errors;
  call.retries = entry.retries;
  call.maybe_repeated = entry.maybe_repeated;
  if (auto body = index_.take_body(slot)) {
    taken.has_event = true;
    call.qualifier = std::move(body->qualifier);
    call.name = std::move(body->name);
    call.event = std::move(body->event);
    if (body->lineage) call.lineage = *body->lineage;
  }
  tell_volatile(slot, history::Dequeued{entry.id, clock_.wall()});
  return taken;
}

void JournalStore::on_unreadable(Slot slot, const std::string& why) {
  options_.alarm("journal: the event of " + index_.at(slot).id.text() +
                 " could not be read: " + why);
  index_.delay(slot, clock_.wall() + kReadRetry, clock_.wall());
  arm_due_timer();
}

void JournalStore::answer(FunctionId function, std::vector<ClaimedCall> calls) {
  answers_.later(ClaimAnswer{function, std::move(calls)});
  if (index_.line(function).first != kNoSlot && !poisoned_) answers_.later(ReadyNews{function});
}

void JournalStore::submit() {
  for (Journal& journal : journals_) {
    journal.writer->submit();
    if (journal.teller) journal.teller->flush();
  }
}

void JournalStore::tell_recovered() {
  for (Journal& journal : journals_) {
    if (journal.teller) journal.teller->flush();
  }
}

void JournalStore::on_taken(std::uint32_t number, const history::Mark& upto) {
  for (Journal& journal : journals_) {
    if (journal.teller && journal.writer->journal() == number) journal.teller->on_taken(upto);
  }
}

JournalStore::Journal& JournalStore::journal_of(const Writer& writer) {
  return *std::find_if(journals_.begin(), journals_.end(),
                       [&](const Journal& one) { return one.writer.get() == &writer; });
}

bool JournalStore::has_history(Slot slot) const {
  return options_.history != nullptr && convoke::has_history(index_.name_of(slot));
}

void JournalStore::tell_volatile(Slot slot, history::Fact fact) {
  if (!has_history(slot)) return;
  journal_of(*index_.at(slot).writer).teller->add_volatile(std::move(fact));
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
    return journal_of(writer).compaction->on_copied(std::move(write));
  }
  if (!write.facts.empty()) {
    journal_of(writer).teller->add(std::move(write.facts), write.location);
  }
  Entry& entry = index_.at(write.slot);
  if (write.purpose == Purpose::kAccept) {
    entry.location = write.location;
    writer.hold(entry.location);
    index_.accepted(write.slot);
    answers_.later(AcceptAnswer{std::move(write.accepted), {}});
    return begin_to_wait(write.slot);
  }
  answers_.later(SettleAnswer{std::move(write.settled), SettleResult::kDone});
  if (write.purpose == Purpose::kFinish) {
    writer.release(entry.location);
    return index_.remove(write.slot);
  }
  entry.maybe_repeated = false;
  if (entry.due <= clock_.wall()) return join(write.slot);
  index_.delay(write.slot, entry.due, clock_.wall());
  arm_due_timer();
}

void JournalStore::on_refused(Write write, const Error& why) {
  index_.remove(write.slot);
  answers_.later(AcceptAnswer{std::move(write.accepted), disk_full(why)});
}

void JournalStore::on_failed(Write write, const Error& why) {
  if (write.purpose == Purpose::kAccept) {
    index_.remove(write.slot);
    answers_.later(AcceptAnswer{std::move(write.accepted), unavailable(why)});
  } else if (write.purpose != Purpose::kCopy) {
    index_.claimed_again(write.slot);
    answers_.later(SettleAnswer{std::move(write.settled), SettleResult::kStoreFailed});
  }
}

void JournalStore::on_poisoned(const Error& why) {
  if (!poisoned_) poisoned_ = why;
}

// The journals hold what is out of reach here: nothing is lost, but nothing can go on either.
void JournalStore::check_scratch() {
  if (poisoned_ || !index_.failure()) return;
  poisoned_ = index_.failure();
  options_.alarm(
      "journal: calls put aside on the disk cannot be read back until the engine is "
      "restarted: " +
      poisoned_->message);
}

void JournalStore::on_progress(Writer& writer) {
  check_scratch();
  Journal& journal = journal_of(writer);
  journal.compaction->on_progress();
  // Before the answers: whoever asks the history because of one finds there what it is about.
  if (journal.teller) journal.teller->flush();
  answers_.deliver();
}

// A call that has been accepted, now or before this start.
void JournalStore::begin_to_wait(Slot slot) {
  const Entry& entry = index_.at(slot);
  const WallTime now = clock_.wall();
  if (entry.due <= entry.accepted || entry.due <= now) return become_ready(slot);
  index_.delay(slot, entry.due, now);
  arm_due_timer();
}

void JournalStore::become_ready(Slot slot) {
  if (index_.ready(slot) == Index::Was::kFirst) answers_.later(ReadyNews{index_.at(slot).line->id});
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
  check_scratch();
  arm_due_timer();
  answers_.deliver();
}

void JournalStore::arm_due_timer() {
  const auto due = index_.next_due();
  if (!due) return due_timer_.cancel();
  const WallTime now = clock_.wall();
  if (*due <= now) return wheel_.schedule(due_timer_, Instant{});
  const Duration wait = std::min<Duration>(options_.wall_check_every, *due - now);
  wheel_.schedule(due_timer_, clock_.now() + wait);
}

std::optional<WallTime> JournalStore::oldest_ready(FunctionId function) const {
  const FunctionLine* const line = index_.find_line(function);
  if (line == nullptr || line->first == kNoSlot) return std::nullopt;
  return index_.at(line->first).accepted;
}

std::optional<CallPosition> JournalStore::find(const CallId& id) const {
  const Slot slot = index_.find(id);
  const auto call = slot == kNoSlot ? index_.note_of(id) : index_.note_of(slot);
  const Stand stand = slot == kNoSlot ? Stand::kReady : index_.at(slot).stand;
  if (!call || stand == Stand::kAccepting) return std::nullopt;
  CallPosition position;
  position.function = call->function;
  position.accepted = call->accepted;
  position.due = call->due;
  position.retries = call->retries;
  position.ahead = index_.ahead_of(call->function, id);
  if (stand == Stand::kClaimed || stand == Stand::kEnding) {
    position.state = CallState::kDequeued;
  } else if (call->retries > 0) {
    position.state = CallState::kRetrying;
  }
  return position;
}

QueueCounts JournalStore::counts(FunctionId function) const {
  const FunctionLine* const line = index_.find_line(function);
  return line == nullptr ? QueueCounts{} : line->counts;
}

QueueCounts JournalStore::counts() const { return index_.counts(); }

bool JournalStore::at_rest() const {
  return claims_.empty() &&
         std::all_of(journals_.begin(), journals_.end(),
                     [](const Journal& journal) { return journal.writer->at_rest(); });
}

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
