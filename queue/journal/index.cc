#include "queue/journal/index.h"

#include <algorithm>

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
  return line != nullptr && line->names.count(name) > 0;
}

std::string_view Index::name_of(Slot slot) const {
  const auto at = names_by_slot_.find(slot);
  return at == names_by_slot_.end() ? std::string_view() : std::string_view(*at->second);
}

Slot Index::add(const CallId& id, FunctionId function, const std::string& name) {
  Slot slot = static_cast<Slot>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[slot];
  entry.id = id;
  entry.line = &line(function);
  entry.stand = Stand::kAccepting;
  ++entry.line->depth;
  by_id_.emplace(id, slot);
  if (!name.empty()) {
    const auto [at, fresh] = entry.line->names.try_emplace(name, slot);
    if (fresh) names_by_slot_.emplace(slot, &at->first);
  }
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
  FunctionLine& line = *entry.line;
  enter(entry, Stand::kReady);
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
  return line.first == line.last ? Was::kFirst : Was::kOneMore;
}

void Index::unlink(Slot slot) {
  Entry& entry = entries_[slot];
  FunctionLine& line = *entry.line;
  (entry.previous == kNoSlot ? line.first : entries_[entry.previous].next) = entry.next;
  (entry.next == kNoSlot ? line.last : entries_[entry.next].previous) = entry.previous;
  entry.previous = entry.next = kNoSlot;
}

void Index::delay(Slot slot, WallTime until) {
  enter(entries_[slot], Stand::kDelayed);
  entries_[slot].until = until;
  delayed_.emplace(until, slot);
}

std::optional<WallTime> Index::next_due() const {
  if (delayed_.empty()) return std::nullopt;
  return delayed_.begin()->first;
}

Slot Index::take_due(WallTime now) {
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
  if (event_bytes_ + body->bytes() > event_bytes_max_) return;
  event_bytes_ += body->bytes();
  entries_[slot].body = std::move(body);
}

std::unique_ptr<Body> Index::take_body(Slot slot) {
  std::unique_ptr<Body> body = std::move(entries_[slot].body);
  if (body != nullptr) event_bytes_ -= body->bytes();
  return body;
}

}  // namespace convoke::journal
