#include "queue/journal/compaction.h"

#include <algorithm>
#include <utility>

namespace convoke::journal {
namespace {

// A journal this short is left alone: its files are few, and will be reused soon.
constexpr std::size_t kSegmentsMin = 4;
constexpr std::uint64_t kDeadShareMin = 4;      // at most a quarter is alive
constexpr std::uint64_t kDeadShareMinFull = 2;  // with a full disk, half
constexpr std::size_t kSlotsPerStep = 1UL << 16;
constexpr std::size_t kCopiesPerStep = 32;

}  // namespace

Compaction::Compaction(Index& index, Writer& writer, std::uint64_t segment_bytes, TimerWheel& wheel,
                       std::function<void(std::string_view)> alarm)
    : index_(index),
      writer_(writer),
      segment_bytes_(segment_bytes),
      wheel_(wheel),
      alarm_(std::move(alarm)) {}

bool Compaction::worth_it() const {
  const std::size_t segments = writer_.segments().size();
  const std::uint64_t used = segments * segment_bytes_;
  if (segments > kSegmentsMin && writer_.live_bytes() * kDeadShareMin < used) return true;
  // Less than half of one segment for each that could be won: so what is copied ends up in fewer
  // segments, and copying comes to an end.
  const std::uint64_t older =
      (segments - std::min<std::size_t>(segments, 1)) * writer_.usable_bytes();
  return writer_.full() && writer_.live_bytes() * kDeadShareMinFull < older;
}

void Compaction::on_progress() {
  if (under_way_ > 0 || next_step_.scheduled() || gave_up_ || writer_.poisoned()) return;
  if (segment_ == 0) {
    // One that is dead is kept for the history, and will go by itself.
    if (!worth_it() || writer_.segments().front()->live_calls == 0) return;
    segment_ = writer_.segments().front()->sequence;
    cursor_ = 0;
  }
  wheel_.schedule(next_step_, Instant{});
}

// First what is in memory, then what is spilled. What changes sides meanwhile is met in the next
// round: as long as one is left, the segment stays.
void Compaction::step() {
  if (writer_.poisoned() || writer_.segments().front()->sequence != segment_) return stop();
  Segment& oldest = *writer_.segments().front();
  step_through_memory(oldest);
  if (cursor_ == index_.slots()) step_through_spilled(oldest);
  if (under_way_ > 0) return;
  if (cursor_ == index_.slots()) return stop();
  wheel_.schedule(next_step_, Instant{});
}

void Compaction::step_through_memory(const Segment& oldest) {
  const std::size_t until = cursor_ + kSlotsPerStep;
  while (cursor_ < index_.slots() && cursor_ < until && under_way_ < kCopiesPerStep) {
    const Entry& entry = index_.at(cursor_);
    if (entry.location.segment == &oldest && !entry.finishing) read(entry.id, entry.location);
    ++cursor_;
  }
}

void Compaction::step_through_spilled(Segment& oldest) {
  const std::size_t most = kCopiesPerStep - under_way_;
  if (most == 0) return;
  for (const CallNote& call : index_.spilled_in(writer_, oldest, most)) {
    read(call.id, Location{&oldest, call.offset, call.size});
  }
}

void Compaction::read(const CallId& id, const Location& from) {
  ++under_way_;
  ++from.segment->reads;
  from.segment->file.file->read(
      from.offset, from.size,
      [this, id, from](const Result<std::string>& bytes) { on_read(id, from, bytes); });
}

void Compaction::on_read(const CallId& id, const Location& from, const Result<std::string>& bytes) {
  --under_way_;
  --from.segment->reads;
  const auto call = index_.note_of(id);
  const bool still_there = call && call->journal == writer_.journal() &&
                           call->segment == from.segment->sequence && call->offset == from.offset;
  if (still_there && !writer_.poisoned()) {
    const auto record = bytes.ok() ? decode(*bytes, from.segment->salt) : std::nullopt;
    const auto accepted = record ? as_accepted(*record) : std::nullopt;
    if (!accepted) {
      alarm_("journal: old segments are kept from now on, for a call could not be read back: " +
             id.text());
      gave_up_ = true;
      stop();
    } else if (!writer_.has_room(Purpose::kCopy, bytes->size())) {
      stop();  // until the writer has made progress
    } else {
      copy(*call, *accepted);
    }
  }
  if (segment_ != 0) on_progress();
}

// With what the index knows by now: attempts recorded since stay behind, in dead segments.
void Compaction::copy(const CallNote& call, const AcceptedRecord& found) {
  AcceptedRecord record = found;
  record.order = call.order;
  record.next = call.due;
  record.function_errors = call.function_errors;
  record.retries = call.retries;
  Write write;
  write.purpose = Purpose::kCopy;
  write.id = call.id;
  write.record = encode(record);
  ++under_way_;
  writer_.write(std::move(write));
}

// Wherever the call is by now; if it has ended, nobody needs the copy.
void Compaction::on_copied(const Write& write) {
  --under_way_;
  const auto release = [this](const Location& from, const Location& to) {
    writer_.release(from);
    writer_.hold(to);
  };
  if (const Slot slot = index_.find(write.id); slot != kNoSlot) {
    release(std::exchange(index_.at(slot).location, write.location), write.location);
  } else if (const auto call = index_.note_of(write.id)) {
    (void)index_.move_spilled(write.id, write.location);
    release(Location{writer_.segment(call->segment), call->offset, call->size}, write.location);
  }
}

}  // namespace convoke::journal
