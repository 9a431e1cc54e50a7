#include "queue/journal/index.h"

#include <algorithm>
#include <functional>

namespace convoke::journal {
namespace {

// A key is milliseconds since the epoch and, below them, room for a million calls in each; what
// comes faster borrows from the next millisecond.
constexpr int kKeysPerMsBits = 20;
constexpr std::int64_t kMsMax = (std::int64_t{1} << (63 - kKeysPerMsBits)) - 1;

std::uint64_t* count_of(QueueCounts& counts, Stand stand) {
  switch (stand) {
    case Stand::kReady:
      return &counts.ready;
    case Stand::kDelayed:
      return &counts.delayed;
    case Stand::kClaimed:
    case Stand::kEnding:
      return &counts.claimed;
    case Stand::kFree:
    case Stand::kAccepting:
      return nullptr;
  }
  return nullptr;
}

std::uint64_t hash_of(const std::string& name) { return std::hash<std::string>{}(name); }

}  // namespace

std::uint64_t OrderKeys::at(WallTime time) {
  const std::int64_t ms = std::clamp<std::int64_t>(to_ms(time), 0, kMsMax);
  return static_cast<std::uint64_t>(ms) << kKeysPerMsBits;
}

std::uint64_t OrderKeys::next(WallTime now) {
  last_ = std::max(last_ + 1, at(now));
  return last_;
}

void OrderKeys::seen(std::uint64_t key) { last_ = std::max(last_, key); }

Slot Index::find(const CallId& id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? kNoSlot : at->second;
}

std::optional<std::uint64_t> Index::ahead_of(FunctionId function, const CallId& id) const {
  const FunctionLine* const line = find_line(function);
  const Slot slot = find(id);
  if (line == nullptr || (slot != kNoSlot && at(slot).stand != Stand::kReady)) return std::nullopt;
  if (slot == kNoSlot) {
    const auto behind_memory = spill_.ahead_of(function, id);
    if (!behind_memory) return std::nullopt;
    return std::min(line->ready_in_memory + *behind_memory, kAheadMax + 1);
  }
  std::uint64_t ahead = 0;
  for (Slot before = at(slot).previous; before != kNoSlot && ahead <= kAheadMax; ++ahead) {
    before = at(before).previous;
  }
  return ahead;
}

FunctionLine& Index::line(FunctionId function) {
  const auto [at, fresh] = lines_.try_emplace(function);
  if (fresh) at->second.id = function;
  return at->second;
}

const FunctionLine* Index::find_line(FunctionId function) const {
  const auto at = lines_.find(function);
  return at == lines_.end() ? nullptr : &at->second;
}

bool Index::name_taken(FunctionId function, const std::string& name) const {
  const FunctionLine* const line = find_line(function);
  return line != nullptr &&
         (line->names.count(name) > 0 || line->spilled_names.count(hash_of(name)) > 0);
}

std::string_view Index::name_of(Slot slot) const {
  const auto at = names_by_slot_.find(slot);
  return at == names_by_slot_.end() ? std::string_view() : std::string_view(*at->second);
}

Slot Index::take_slot() {
  if (free_.empty()) {
    entries_.emplace_back();
    return static_cast<Slot>(entries_.size() - 1);
  }
  const Slot slot = free_.back();
  free_.pop_back();
  return slot;
}

void Index::take_name(Slot slot, const std::string& name) {
  if (name.empty()) return;
  const auto [at, fresh] = entries_[slot].line->names.try_emplace(name, slot);
  if (fresh) names_by_slot_.emplace(slot, &at->first);
}

Slot Index::add(const CallId& id, FunctionId function, const std::string& name) {
  const Slot slot = take_slot();
  Entry& entry = entries_[slot];
  entry.id = id;
  entry.line = &line(function);
  entry.stand = Stand::kAccepting;
  ++entry.line->depth;
  ++depth_;
  by_id_.emplace(id, slot);
  take_name(slot, name);
  return slot;
}

Slot Index::adopt(const CallNote& note) {
  const Slot slot = take_back(note, Stand::kAccepting);
  ++entries_[slot].line->depth;
  ++depth_;
  accepted(slot);
  return slot;
}

void Index::accepted(Slot slot) {
  ++counts_.accepted;
  ++entries_[slot].line->counts.accepted;
}

void Index::remove(Slot slot) {
  Entry& entry = entries_[slot];
  ENSURE(entry.stand == Stand::kAccepting || entry.stand == Stand::kEnding);
  if (entry.stand == Stand::kEnding) {
    leave(entry);
    ++counts_.settled;
    ++entry.line->counts.settled;
  }
  --entry.line->depth;
  --depth_;
  give_slot(slot);
}

void Index::give_slot(Slot slot) {
  Entry& entry = entries_[slot];
  by_id_.erase(entry.id);
  if (const auto name = names_by_slot_.find(slot); name != names_by_slot_.end()) {
    entry.line->names.erase(entry.line->names.find(*name->second));
    names_by_slot_.erase(name);
  }
  (void)take_body(slot);
  entry = Entry{};
  free_.push_back(slot);
}

Index::Was Index::ready(Slot slot) {
  Entry& entry = entries_[slot];
  enter(entry, Stand::kReady);
  if (must_spill(entry)) {
    spill_.put_ready(put_away(slot));
    return Was::kOneMore;
  }
  link(slot);
  return entry.line->first == entry.line->last ? Was::kFirst : Was::kOneMore;
}

// What comes behind those in memory; what belongs among them stays with them.
bool Index::must_spill(const Entry& entry) const {
  const FunctionLine& line = *entry.line;
  if (const auto first = spill_.first_ready(line.id)) return entry.order > *first;
  const std::uint64_t share = by_id_.size() > limits_.calls ? 64 : 1;
  return line.ready_in_memory >= std::max<std::uint64_t>(limits_.ready_per_function / share, 1) &&
         entries_[line.last].order <= entry.order;
}

void Index::link(Slot slot) {
  Entry& entry = entries_[slot];
  FunctionLine& line = *entry.line;
  ++line.ready_in_memory;
  // New calls belong at the end, given-back ones near the start: look from both sides at once.
  Slot from_start = line.first;
  Slot from_end = line.last;
  Slot before = kNoSlot;  // the call that is to stand before this one
  while (from_end != kNoSlot) {
    if (entries_[from_end].order <= entry.order) {
      before = from_end;
      break;
    }
    if (entries_[from_start].order > entry.order) {
      before = entries_[from_start].previous;
      break;
    }
    from_start = entries_[from_start].next;
    from_end = entries_[from_end].previous;
  }
  entry.previous = before;
  entry.next = before == kNoSlot ? line.first : entries_[before].next;
  (entry.next == kNoSlot ? line.last : entries_[entry.next].previous) = slot;
  (before == kNoSlot ? line.first : entries_[before].next) = slot;
}

void Index::unlink(Slot slot) {
  Entry& entry = entries_[slot];
  FunctionLine& line = *entry.line;
  (entry.previous == kNoSlot ? line.first : entries_[entry.previous].next) = entry.next;
  (entry.next == kNoSlot ? line.last : entries_[entry.next].previous) = entry.previous;
  entry.previous = entry.next = kNoSlot;
  --line.ready_in_memory;
  if (line.first == kNoSlot) refill(line);
}

void Index::refill(FunctionLine& line) {
  for (const CallNote& note : spill_.take_ready(line.id)) link(take_back(note, Stand::kReady));
}

void Index::delay(Slot slot, WallTime until, WallTime now) {
  enter(entries_[slot], Stand::kDelayed);
  entries_[slot].until = until;
  if (delayed_.size() < limits_.delayed) {
    delayed_.emplace(until, slot);
    return;
  }
  CallNote note = put_away(slot);
  note.due = until;
  spill_.put_delayed(note, now);
}

std::optional<WallTime> Index::next_due() const {
  const auto spilled = spill_.next_due();
  if (delayed_.empty()) return spilled;
  const WallTime here = delayed_.begin()->first;
  return spilled ? std::min(here, *spilled) : here;
}

// Not while there is enough here that can go on, so that memory stays bounded.
void Index::let_due_in(WallTime now) {
  const auto next = spill_.next_due();
  const bool enough =
      !delayed_.empty() && delayed_.size() >= limits_.delayed && delayed_.begin()->first <= now;
  if (!next || *next > now || enough) return;
  for (const CallNote& note : spill_.take_due(now)) {
    const Slot slot = take_back(note, Stand::kDelayed);
    entries_[slot].until = note.due;
    delayed_.emplace(note.due, slot);
  }
}

Slot Index::take_due(WallTime now) {
  let_due_in(now);
  if (delayed_.empty() || delayed_.begin()->first > now) return kNoSlot;
  const Slot slot = delayed_.begin()->second;
  delayed_.erase(delayed_.begin());
  return slot;
}

Slot Index::claim_first(FunctionLine& line) {
  const Slot slot = line.first;
  if (slot == kNoSlot) return kNoSlot;
  unlink(slot);
  enter(entries_[slot], Stand::kClaimed);
  return slot;
}

bool Index::waits(Slot slot) const {
  return entries_[slot].stand == Stand::kReady || entries_[slot].stand == Stand::kDelayed;
}

void Index::withdraw(Slot slot) {
  Entry& entry = entries_[slot];
  ENSURE(waits(slot));
  if (entry.stand == Stand::kReady) unlink(slot);
  if (entry.stand == Stand::kDelayed) delayed_.erase({entry.until, slot});
  enter(entry, Stand::kEnding);
}

Slot Index::withdraw_spilled(const CallId& id) {
  const auto spilled = spill_.take(id);
  if (!spilled) return kNoSlot;
  const Slot slot =
      take_back(spilled->note, spilled->delayed.has_value() ? Stand::kDelayed : Stand::kReady);
  enter(entries_[slot], Stand::kEnding);
  return slot;
}

std::optional<CallNote> Index::note_of(const CallId& id) const {
  if (const Slot slot = find(id); slot != kNoSlot) {
    if (entries_[slot].finishing) return std::nullopt;
    return note_of(slot);
  }
  auto spilled = spill_.find(id);
  if (!spilled) return std::nullopt;
  return std::move(spilled->note);
}

CallNote Index::note_of(Slot slot) const {
  const Entry& entry = entries_[slot];
  CallNote note;
  note.id = entry.id;
  note.function = entry.line->id;
  note.order = entry.order;
  note.accepted = entry.accepted;
  note.due = entry.due;
  note.first_due = entry.first_due;
  if (entry.location.segment != nullptr) {
    note.segment = entry.location.segment->sequence;
    note.offset = entry.location.offset;
    note.size = entry.location.size;
  }
  note.journal = entry.writer->journal();
  note.function_errors = entry.function_errors;
  note.retries = entry.retries;
  note.attempt = entry.attempt;
  note.maybe_repeated = entry.maybe_repeated;
  note.name = name_of(slot);
  return note;
}

CallNote Index::put_away(Slot slot) {
  CallNote note = note_of(slot);
  if (!note.name.empty()) entries_[slot].line->spilled_names.insert(hash_of(note.name));
  give_slot(slot);
  return note;
}

Slot Index::take_back(const CallNote& note, Stand stand) {
  const Slot slot = take_slot();
  Entry& entry = entries_[slot];
  entry.id = note.id;
  entry.line = &line(note.function);
  entry.writer = *std::find_if(writers_.begin(), writers_.end(), [&](const Writer* writer) {
    return writer->journal() == note.journal;
  });
  entry.location = Location{entry.writer->segment(note.segment), note.offset, note.size};
  entry.order = note.order;
  entry.accepted = note.accepted;
  entry.due = note.due;
  entry.first_due = note.first_due;
  entry.function_errors = note.function_errors;
  entry.retries = note.retries;
  entry.attempt = note.attempt;
  entry.maybe_repeated = note.maybe_repeated;
  entry.stand = stand;
  by_id_.emplace(note.id, slot);
  if (!note.name.empty()) entry.line->spilled_names.erase(hash_of(note.name));
  take_name(slot, note.name);
  return slot;
}

std::vector<CallNote> Index::spilled_in(const Writer& writer, const Segment& segment,
                                        std::size_t max) const {
  return spill_.find_in(writer.journal(), segment.sequence, max);
}

bool Index::move_spilled(const CallId& id, const Location& to) {
  return spill_.move(id, to.segment->sequence, to.offset);
}

void Index::ending(Slot slot) { enter(entries_[slot], Stand::kEnding); }

void Index::claimed_again(Slot slot) { enter(entries_[slot], Stand::kClaimed); }

void Index::leave(Entry& entry) {
  if (std::uint64_t* const count = count_of(counts_, entry.stand)) --*count;
  if (std::uint64_t* const count = count_of(entry.line->counts, entry.stand)) --*count;
}

void Index::enter(Entry& entry, Stand stand) {
  leave(entry);
  entry.stand = stand;
  if (std::uint64_t* const count = count_of(counts_, stand)) ++*count;
  if (std::uint64_t* const count = count_of(entry.line->counts, stand)) ++*count;
}

void Index::keep_body(Slot slot, std::unique_ptr<Body> body) {
  if (event_bytes_ + body->bytes() > limits_.event_bytes) return;
  event_bytes_ += body->bytes();
  entries_[slot].body = std::move(body);
}

std::unique_ptr<Body> Index::take_body(Slot slot) {
  std::unique_ptr<Body> body = std::move(entries_[slot].body);
  if (body != nullptr) event_bytes_ -= body->bytes();
  return body;
}

}  // namespace convoke::journal
