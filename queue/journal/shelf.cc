#include "queue/journal/shelf.h"

#include <algorithm>
#include <utility>

namespace convoke::journal {

void Shelf::Range::include(std::uint64_t value) {
  min = std::min(min, value);
  max = std::max(max, value);
}

void Shelf::put(const CallNote& note) {
  const std::size_t bytes = kNoteBytes + note.name.size();
  const bool fits = !filled_.empty() && !filled_.back().place &&
                    filled_.back().size + bytes <= blocks_.block_bytes();
  if (!fits) {
    if (!filled_.empty()) close(filled_.back());
    filled_.emplace_back().first_order = note.order;
  }
  Block& block = filled_.back();
  append(block.bytes, note);
  block.size += static_cast<std::uint32_t>(bytes);
  ++block.calls;
  block.ids.include(note.id.first_half());
  block.segments.include(note.segment);
  ++size_;
}

void Shelf::close(Block& block) {
  if (block.place) return;
  const auto place = blocks_.write(block.bytes);
  if (!place.ok()) return;
  block.place = *place;
  std::string().swap(block.bytes);  // an assignment would keep the room
}

std::uint64_t Shelf::first_order() const { return filled_.front().first_order; }

std::vector<CallNote> Shelf::take() {
  std::vector<CallNote> taken;
  while (taken.empty() && !filled_.empty()) {
    visit(filled_.front(), [&](CallNote note) {
      if (removed_.erase(note.id) == 0) taken.push_back(std::move(note));
    });
    size_ -= taken.size();
    drop_front();
  }
  if (filled_.empty()) clear();
  if (!filled_.empty() && filled_.front().place) {
    blocks_.announce(*filled_.front().place, filled_.front().size);
  }
  return taken;
}

void Shelf::visit(const Block& block, const Visit& visit) const {
  const std::string read = block.place ? blocks_.read(*block.place, block.size) : std::string();
  std::string_view rest = block.place ? read : block.bytes;
  while (!rest.empty()) visit(take_note(rest));
}

void Shelf::drop_front() {
  if (filled_.front().place) blocks_.free(*filled_.front().place);
  filled_.pop_front();
}

void Shelf::clear() {
  while (!filled_.empty()) drop_front();
  removed_.clear();
  size_ = 0;
}

std::optional<CallNote> Shelf::find(const CallId& id) const {
  std::optional<CallNote> found;
  if (removed_.count(id) > 0) return found;
  for (const Block& block : filled_) {
    if (found) break;
    if (!block.ids.holds(id.first_half())) continue;
    visit(block, [&](CallNote note) {
      if (note.id == id) found = std::move(note);
    });
  }
  return found;
}

bool Shelf::holds(const Block& block, const CallId& id) const {
  bool found = false;
  if (!block.ids.holds(id.first_half())) return found;
  visit(block, [&](const CallNote& note) { found = found || note.id == id; });
  return found;
}

std::optional<std::uint64_t> Shelf::ahead_of(const CallId& id) const {
  if (removed_.count(id) > 0) return std::nullopt;
  std::uint64_t ahead = 0;
  for (const Block& block : filled_) {
    if (!holds(block, id)) {
      ahead += block.calls - block.removed;
      continue;
    }
    bool passed = false;
    visit(block, [&](const CallNote& note) {
      passed = passed || note.id == id;
      if (!passed && removed_.count(note.id) == 0) ++ahead;
    });
    return ahead;
  }
  return std::nullopt;
}

void Shelf::remove(const CallId& id) {
  const auto block = std::find_if(filled_.begin(), filled_.end(),
                                  [&](const Block& one) { return holds(one, id); });
  if (block != filled_.end()) ++block->removed;
  removed_.insert(id);
  --size_;
  if (size_ == 0) clear();
}

bool Shelf::move(const CallId& id, std::uint64_t segment, std::uint32_t offset) {
  if (removed_.count(id) > 0) return false;
  for (Block& block : filled_) {
    if (!block.ids.holds(id.first_half())) continue;
    bool found = false;
    std::string bytes;
    Range segments;
    visit(block, [&](CallNote note) {
      if (note.id == id) {
        found = true;
        note.segment = segment;
        note.offset = offset;
      }
      segments.include(note.segment);
      append(bytes, note);
    });
    if (!found) continue;
    block.segments = segments;
    if (block.place) {
      blocks_.rewrite(*block.place, bytes);
    } else {
      block.bytes = std::move(bytes);
    }
    return true;
  }
  return false;
}

void Shelf::find_in(std::uint32_t journal, std::uint64_t segment, std::size_t max,
                    std::vector<CallNote>& found) const {
  for (const Block& block : filled_) {
    if (found.size() >= max) return;
    if (!block.segments.holds(segment)) continue;
    visit(block, [&](CallNote note) {
      const bool there = note.journal == journal && note.segment == segment;
      if (!there || found.size() >= max || removed_.count(note.id) > 0) return;
      found.push_back(std::move(note));
    });
  }
}

}  // namespace convoke::journal
