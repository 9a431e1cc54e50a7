#include "queue/journal/writer.h"

#include <algorithm>
#include <utility>

namespace convoke::journal {
namespace {

// Of each segment, for the record of a trim and for what is too short to hold another record.
constexpr std::size_t kSlackBytes = 2 * kAttemptBytes;
// What an unsettled call may still have to write: one postpone, and its finish.
constexpr std::size_t kReserveBytes = kAttemptBytes + kFinishedBytes;

}  // namespace

Writer::Writer(const Place& place, LogDir& dir, Recovered& recovered, const Clock& clock,
               TimerWheel& wheel, WriterClient& client, std::function<void(std::string_view)> alarm)
    : place_(place),
      clock_(clock),
      wheel_(wheel),
      client_(client),
      alarm_(alarm),
      pool_(dir, place.segment_bytes, recovered.next_number, clock, wheel,
            SegmentPool::Hooks{[this] { on_spares_changed(); }, alarm}),
      next_sequence_(recovered.last_sequence + 1) {
  for (auto& segment : recovered.segments) segments_.push_back(std::move(segment));
  retired_ = std::move(recovered.trimmed);
  for (auto& file : recovered.free) pool_.give(std::move(file));
  if (!segments_.empty()) durable_ = recovered.durable;
}

void Writer::begin(std::uint64_t unsettled) {
  calls_ = unsettled;
  if (!segments_.empty()) trimmed_before_ = segments_.front()->sequence;
  const bool retired = retire_oldest();
  if (!segments_.empty()) {
    // What the last engine wrote and did not sync may be all in the kernel's cache: durable first.
    // Together with a record of our own, alone, over what was torn where the journal ends: later
    // writes could otherwise complete a torn record of that life by chance, and bring it back.
    // Not at the cost of room kept for others, however often a full disk sees a start.
    open_batch().waited_for = true;
    if (retired || has_room(Purpose::kCopy, kTrimmedBytes)) write_trim();
    submit();  // now: what is appended later belongs to the next group
  }
  want_spares(0);
}

std::size_t Writer::usable_bytes() const {
  return static_cast<std::size_t>(place_.segment_bytes) - kFirstRecord - kSlackBytes;
}

void Writer::hold(const Location& location) {
  ++location.segment->live_calls;
  location.segment->live_bytes += location.size;
  live_bytes_ += location.size;
}

void Writer::release(const Location& location) {
  --location.segment->live_calls;
  location.segment->live_bytes -= location.size;
  live_bytes_ -= location.size;
}

Segment* Writer::segment(std::uint64_t sequence) {
  ENSURE(!segments_.empty() && sequence >= segments_.front()->sequence);
  return segments_.at(sequence - segments_.front()->sequence).get();
}

void Writer::write(Write write) {
  ENSURE(!poisoned_);
  // One behind the other: a delivery's end must not come before the end that it follows.
  const bool undecided = !write.short_record.empty() && !waiting_long_.empty();
  if (!undecided && decide_length(write)) return write_decided(std::move(write));
  const std::size_t bytes = write.record.size();
  waiting_long_.push_back(std::move(write));
  want_spares(bytes);
}

void Writer::write_decided(Write write) {
  const bool accept = write.purpose == Purpose::kAccept;
  const bool waits = (accept && !waiting_accepts_.empty()) ||
                     (write.purpose == Purpose::kPostpone && !waiting_settles_.empty());
  if (!waits && has_room(write.purpose, write.record.size())) {
    place(std::move(write));
    want_spares(0);
    return;
  }
  if (accept && pool_.full()) return client_.on_refused(std::move(write), *pool_.full());
  const std::size_t bytes = write.record.size();
  (accept ? waiting_accepts_ : waiting_settles_).push_back(std::move(write));
  want_spares(bytes);
}

bool Writer::has_room(Purpose purpose, std::size_t bytes) const {
  const std::size_t left = left_in_active();
  std::uint64_t after = pool_.size() * usable_bytes();
  if (bytes <= left) {
    after += std::max(left - bytes, kSlackBytes) - kSlackBytes;
  } else if (pool_.size() > 0) {
    after -= bytes;
  } else {
    return false;
  }
  return after >= keep_for(purpose);
}

// What only the history wants is written beyond everything that is reserved. It waits (false) for a
// file that is being made, and is left out where none can be.
bool Writer::decide_length(Write& write) const {
  if (write.short_record.empty()) return true;
  const std::size_t bytes = write.record.size();
  const bool fits = bytes <= std::min(usable_bytes(), kRecordBytesMax);
  if (!fits || !has_room(Purpose::kCopy, bytes)) {
    if (fits && !pool_.full()) return false;
    write.record = std::move(write.short_record);
  }
  write.short_record.clear();
  return true;
}

// What must still fit after a record of that purpose.
std::uint64_t Writer::keep_for(Purpose purpose) const {
  switch (purpose) {
    case Purpose::kAccept:
      return (calls_ + 1) * kReserveBytes + oldest_live_bytes();
    case Purpose::kCopy:
      return calls_ * kReserveBytes;
    case Purpose::kPostpone:
      return calls_ * kFinishedBytes;
    case Purpose::kFinish:
    case Purpose::kTrim:
      return 0;
  }
  return 0;
}

std::uint64_t Writer::oldest_live_bytes() const {
  return segments_.size() < 2 ? 0 : segments_.front()->live_bytes;
}

std::size_t Writer::left_in_active() const {
  if (segments_.empty()) return 0;
  const Segment& active = *segments_.back();
  return active.capacity - std::min(active.end, active.capacity);
}

// Enough that the next record of that size, and after it any accept, finds room.
void Writer::want_spares(std::size_t next_record) {
  if (!place_.takes_new_calls && calls_ == 0) return pool_.want(0);
  const std::uint64_t keep = (calls_ + 1) * kReserveBytes + oldest_live_bytes() + next_record;
  pool_.want(1 + static_cast<std::size_t>(keep / usable_bytes()));
}

void Writer::place(Write write) {
  if (write.record.size() > left_in_active()) roll();
  Batch& batch = open_batch();
  Segment& active = *segments_.back();
  const auto size = static_cast<std::uint32_t>(write.record.size());
  seal(write.record, Seal{active.salt, batch.durable, place_.incarnation});
  active.file.file->append(std::move(write.record));
  write.record.clear();
  write.location = Location{&active, active.end, size};
  active.end += size;
  if (write.purpose == Purpose::kAccept) ++calls_;
  if (write.purpose == Purpose::kFinish) --calls_;
  client_.on_placed(write);
  if (write.purpose != Purpose::kFinish || !write.facts.empty()) batch.waited_for = true;
  batch.writes.push_back(std::move(write));
}

void Writer::roll() {
  auto next = std::make_unique<Segment>();
  next->file = pool_.take();
  next->sequence = next_sequence_++;
  next->salt = salt_for(place_.secret, place_.journal, place_.incarnation, next->sequence);
  next->capacity = static_cast<std::uint32_t>(place_.segment_bytes);
  SegmentHeader header;
  header.journal = place_.journal;
  header.sequence = next->sequence;
  header.salt = next->salt;
  header.first_live = segments_.empty() ? next->sequence : segments_.front()->sequence;
  header.previous_end = segments_.empty() ? 0 : segments_.back()->end;
  header.incarnation = place_.incarnation;
  next->file.file->append(encode(header));
  next->end = kFirstRecord;
  segments_.push_back(std::move(next));
  durable_ = 0;
}

Writer::Batch& Writer::open_batch() {
  Segment* const active = segments_.back().get();
  const bool first_is_frozen = syncing_ && batches_.size() == 1;
  if (batches_.empty() || first_is_frozen || batches_.back().segment != active) {
    // The batch is written once the one before it is durable: all that stands there now.
    batches_.push_back(Batch{active, durable_.value_or(active->end), {}, false});
    durable_.reset();
  }
  return batches_.back();
}

void Writer::submit() {
  if (syncing_ || batches_.empty()) return;
  if (!may_wait()) return start_sync();
  if (!ends_timer_.scheduled()) {
    wheel_.schedule(ends_timer_, clock_.now() + place_.ends_wait_max);
  }
}

bool Writer::may_wait() const {
  return place_.ends_wait_max > Duration{} && batches_.size() == 1 && !batches_.front().waited_for;
}

void Writer::start_sync() {
  ends_timer_.cancel();
  syncing_ = true;
  batches_.front().segment->file.file->sync(
      [this](const Result<void>& synced) { on_synced(synced); });
}

void Writer::on_synced(const Result<void>& synced) {
  syncing_ = false;
  if (!synced.ok()) return poison(synced.error());
  Batch done = std::move(batches_.front());
  batches_.pop_front();
  if (trimmed_before_) recycle_before(*std::exchange(trimmed_before_, std::nullopt));
  for (Write& write : done.writes) {
    if (write.purpose == Purpose::kTrim) {
      recycle_before(write.first_live);
    } else {
      client_.on_written(*this, std::move(write));
    }
  }
  if (retire_oldest()) write_trim();
  place_waiting();
  submit();
  client_.on_progress(*this);
}

void Writer::on_spares_changed() {
  if (poisoned_) return;
  place_waiting();
  submit();
  client_.on_progress(*this);
}

void Writer::place_waiting() {
  const auto place_from = [this](std::deque<Write>& waiting) {
    while (!waiting.empty() && has_room(waiting.front().purpose, waiting.front().record.size())) {
      Write write = std::move(waiting.front());
      waiting.pop_front();
      place(std::move(write));
    }
  };
  while (!waiting_long_.empty() && decide_length(waiting_long_.front())) {
    Write write = std::move(waiting_long_.front());
    waiting_long_.pop_front();
    write_decided(std::move(write));
  }
  place_from(waiting_settles_);
  place_from(waiting_accepts_);
  while (pool_.full() && !waiting_accepts_.empty()) {
    Write write = std::move(waiting_accepts_.front());
    waiting_accepts_.pop_front();
    client_.on_refused(std::move(write), *pool_.full());
  }
  const auto& settles = waiting_long_.empty() ? waiting_settles_ : waiting_long_;
  const auto& next = settles.empty() ? waiting_accepts_ : settles;
  want_spares(next.empty() ? 0 : next.front().record.size());
}

void Writer::poison(const Error& why) {
  poisoned_ = why;
  alarm_("journal " + std::to_string(place_.journal) +
         ": a write failed; nothing more is written until the engine is restarted: " + why.message);
  std::deque<Write> failed;
  for (Batch& batch : batches_) {
    for (Write& write : batch.writes) failed.push_back(std::move(write));
  }
  for (Write& write : waiting_long_) failed.push_back(std::move(write));
  for (Write& write : waiting_settles_) failed.push_back(std::move(write));
  for (Write& write : waiting_accepts_) failed.push_back(std::move(write));
  batches_.clear();
  waiting_long_.clear();
  waiting_settles_.clear();
  waiting_accepts_.clear();
  for (Write& write : failed) {
    if (write.purpose != Purpose::kTrim) client_.on_failed(std::move(write), why);
  }
  client_.on_poisoned(why);
}

bool Writer::retire_oldest() {
  bool any = false;
  while (segments_.size() > 1) {
    const Segment& oldest = *segments_.front();
    const bool writing = !batches_.empty() && batches_.front().segment == &oldest;
    const bool kept = kept_from_ && oldest.sequence >= *kept_from_;
    if (oldest.live_calls > 0 || oldest.reads > 0 || writing || kept) break;
    retired_.push_back(std::move(segments_.front()));
    segments_.pop_front();
    any = true;
  }
  return any;
}

void Writer::write_trim() {
  Write trim;
  trim.purpose = Purpose::kTrim;
  trim.first_live = segments_.front()->sequence;
  trim.record = encode(TrimmedRecord{trim.first_live});
  write(std::move(trim));
}

void Writer::recycle_before(std::uint64_t first_live) {
  for (auto& segment : retired_) {
    if (segment->sequence >= first_live) continue;
    pool_.give(std::move(segment->file));
    segment.reset();
  }
  retired_.erase(std::remove(retired_.begin(), retired_.end(), nullptr), retired_.end());
}

}  // namespace convoke::journal
