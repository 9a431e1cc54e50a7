#include "queue/journal/spill.h"

#include <algorithm>
#include <utility>

namespace convoke::journal {

void Spill::put_ready(const CallNote& note) {
  ready_.try_emplace(note.function, blocks_).first->second.put(note);
}

std::optional<std::uint64_t> Spill::first_ready(FunctionId function) const {
  const auto at = ready_.find(function);
  if (at == ready_.end()) return std::nullopt;
  return at->second.first_order();
}

std::vector<CallNote> Spill::take_ready(FunctionId function) {
  const auto at = ready_.find(function);
  if (at == ready_.end()) return {};
  std::vector<CallNote> notes = at->second.take();
  if (at->second.empty()) ready_.erase(at);
  return notes;
}

std::optional<Spill::Spilled> Spill::find(const CallId& id) const {
  for (const auto& [function, shelf] : ready_) {
    if (auto note = shelf.find(id)) return Spilled{*std::move(note), std::nullopt};
  }
  for (const auto& [stretch, shelf] : due_.shelves()) {
    if (auto note = shelf.find(id)) return Spilled{*std::move(note), stretch};
  }
  return std::nullopt;
}

std::optional<Spill::Spilled> Spill::take(const CallId& id) {
  auto found = find(id);
  if (!found) return found;
  if (found->delayed) {
    due_.remove(*found->delayed, id);
    return found;
  }
  const auto at = ready_.find(found->note.function);
  at->second.remove(id);
  if (at->second.empty()) ready_.erase(at);
  return found;
}

std::optional<std::uint64_t> Spill::ahead_of(FunctionId function, const CallId& id) const {
  const auto at = ready_.find(function);
  return at == ready_.end() ? std::nullopt : at->second.ahead_of(id);
}

bool Spill::move(const CallId& id, std::uint64_t segment, std::uint32_t offset) {
  const bool ready = std::any_of(ready_.begin(), ready_.end(),
                                 [&](auto& one) { return one.second.move(id, segment, offset); });
  return ready || due_.move(id, segment, offset);
}

std::vector<CallNote> Spill::find_in(std::uint32_t journal, std::uint64_t segment,
                                     std::size_t max) const {
  std::vector<CallNote> found;
  for (const auto& [function, shelf] : ready_) shelf.find_in(journal, segment, max, found);
  for (const auto& [stretch, shelf] : due_.shelves()) shelf.find_in(journal, segment, max, found);
  return found;
}

}  // namespace convoke::journal
