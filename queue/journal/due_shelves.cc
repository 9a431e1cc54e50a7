#include "queue/journal/due_shelves.h"

#include <algorithm>
#include <array>

namespace convoke::journal {
namespace {

constexpr std::array<Millis, 3> kLengths{DueShelves::kShortest, Millis{1 << 16}, Millis{1 << 22}};

// The longest that does not reach back to now: it will be looked at once more before it is due.
Millis length_for(Millis ahead, Millis below) {
  Millis found = kLengths.front();
  for (const Millis length : kLengths) {
    if (length < below && length < ahead) found = length;
  }
  return found;
}

}  // namespace

void DueShelves::put(const CallNote& note, WallTime now) {
  put(note, length_for(note.due - now, Millis::max()));
}

void DueShelves::put(const CallNote& note, Millis length) {
  const auto since = note.due.time_since_epoch();
  const Stretch stretch{WallTime{since - since % length}, length};
  shelves_.try_emplace(stretch, blocks_).first->second.put(note);
}

std::optional<WallTime> DueShelves::next() const {
  if (shelves_.empty()) return std::nullopt;
  return shelves_.begin()->first.first;
}

std::vector<CallNote> DueShelves::take(WallTime now) {
  if (shelves_.empty()) return {};
  const auto first = shelves_.begin();
  const Millis length = first->first.second;
  std::vector<CallNote> notes = first->second.take();
  if (first->second.empty()) shelves_.erase(first);
  if (length == kShortest) return notes;
  for (const CallNote& note : notes) put(note, length_for(note.due - now, length));
  return {};
}

void DueShelves::remove(const Stretch& stretch, const CallId& id) {
  const auto at = shelves_.find(stretch);
  at->second.remove(id);
  if (at->second.empty()) shelves_.erase(at);
}

bool DueShelves::move(const CallId& id, std::uint64_t segment, std::uint32_t offset) {
  return std::any_of(shelves_.begin(), shelves_.end(),
                     [&](auto& one) { return one.second.move(id, segment, offset); });
}

}  // namespace convoke::journal
