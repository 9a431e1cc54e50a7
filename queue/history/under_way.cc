#include "queue/history/under_way.h"

#include <algorithm>
#include <variant>

namespace convoke::history {

Held* UnderWay::hold(const CallId& id, FunctionId function, const Position& position) {
  const auto found = held_.find(id);
  if (found != held_.end()) return &found->second;
  if (held_.size() == kHeldMax) {
    ++unshown_;
    return nullptr;
  }
  Held& held = held_[id];
  held.function = function;
  held.position = position;
  return &held;
}

void UnderWay::apply(FunctionId function, const Position& position, const Fact& fact) {
  if (const auto* dequeued = std::get_if<Dequeued>(&fact)) {
    held_.erase(dequeued->id);
    if (Held* held = hold(dequeued->id, function, position)) held->dequeued = dequeued->at;
  } else if (const auto* started = std::get_if<Started>(&fact)) {
    if (Held* held = hold(started->id, function, position)) {
      if (held->state != CallState::kStopping) held->state = CallState::kRunning;
      held->started = started->at;
      held->instance_id = started->instance_id;
    }
  } else if (const auto* stopping = std::get_if<Stopping>(&fact)) {
    if (Held* held = hold(stopping->id, function, position)) {
      held->state = CallState::kStopping;
      held->stopping = stopping->at;
    }
  } else if (const auto* back = std::get_if<GivenBack>(&fact)) {
    held_.erase(back->id);
  } else if (const auto* attempted = std::get_if<Attempted>(&fact)) {
    held_.erase(attempted->id);
  } else if (const auto* finished = std::get_if<Finished>(&fact)) {
    held_.erase(finished->id);
  }
}

const Held* UnderWay::find(const CallId& id) const {
  const auto found = held_.find(id);
  return found == held_.end() ? nullptr : &found->second;
}

std::vector<Position> UnderWay::all_of(FunctionId function, CallState state) const {
  std::vector<Position> positions;
  for (const auto& [id, held] : held_) {
    if (held.function == function && held.state == state) positions.push_back(held.position);
  }
  std::sort(positions.begin(), positions.end());
  return positions;
}

}  // namespace convoke::history
