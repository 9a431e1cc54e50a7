#include "queue/journal/compaction.h"

#include <algorithm>

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

void Compaction::step() {
  if (writer_.poisoned() || writer_.segments().front()->sequence != segment_) return stop();
  const Segment* const oldest = writer_.segments().front().get();
  const std::size_t until = cursor_ + kSlotsPerStep;
  while (cursor_ < index_.slots() && cursor_ < until && under_way_ < kCopiesPerStep) {
    const Entry& entry = index_.at(cursor_);
    if (entry.location.segment == oldest && !entry.finishing) read(cursor_);
    ++cursor_;
  }
  if (under_way_ > 0) return;
  if (cursor_ == index_.slots()) return stop();
  wheel_.schedule(next_step_, Instant{});
}

void Compaction::read(Slot slot) {
  const Entry& entry = index_.at(slot);
  ++under_way_;
  ++entry.location.segment->reads;
  entry.location.segment->file.file->read(
      entry.location.offset, entry.location.size,
      [this, slot, id = entry.id, from = entry.location](const Result<std::string>& bytes) {
        on_read(slot, id, from, bytes);
      });
}

void Compaction::on_read(Slot slot, const CallId& id, const Location& from,
                         const Result<std::string>& bytes) {
  --under_way_;
  --from.segment->reads;
  if (still_there(slot, id, from) && !writer_.poisoned()) {
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
      copy(slot, *accepted);
    }
  }
  if (segment_ != 0) on_progress();
}

bool Compaction::still_there(Slot slot, const CallId& id, const Location& from) const {
  const Entry& entry = index_.at(slot);
  return entry.stand != Stand::kFree && entry.id == id && !entry.finishing &&
         entry.location.segment == from.segment && entry.location.offset == from.offset;
}

// With what the index knows by now: attempts recorded since stay behind, in dead segments.
void Compaction::copy(Slot slot, const AcceptedRecord& found) {
  const Entry& entry = index_.at(slot);
  AcceptedRecord record = found;
  record.order = entry.order;
  record.next = entry.due;
  record.function_errors = entry.function_errors;
  record.retries = entry.retries;
  Write write;
  write.purpose = Purpose::kCopy;
  write.slot = slot;
  write.id = entry.id;
  write.record = encode(record);
  ++under_way_;
  writer_.write(std::move(write));
}

void Compaction::on_copied(Write write) {
  --under_way_;
  Entry& entry = index_.at(write.slot);
  if (entry.stand == Stand::kFree || entry.id != write.id) return;
  writer_.release(entry.location);
  entry.location = write.location;
  writer_.hold(entry.location);
}

}  // namespace convoke::journal
