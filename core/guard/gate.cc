#include "core/guard/gate.h"

#include "core/model/error.h"

namespace convoke {
namespace {

bool take_below(std::atomic<std::uint32_t>& count, std::uint32_t max) {
  std::uint32_t seen = count;
  while (seen < max) {
    if (count.compare_exchange_weak(seen, seen + 1)) return true;
  }
  return false;
}

}  // namespace

bool Gate::take_place() {
  if (!take_below(places_, allowed())) return false;
  // The limit may have fallen between the look and the step: then the place is not ours.
  if (places_ <= allowed()) return true;
  --places_;
  return false;
}

void Gate::leave_place() {
  ENSURE(places_ > 0);
  --places_;
}

bool Gate::take_slot(ShardIndex at) {
  std::atomic<std::int32_t>& free = lanes_[at.value].free;
  std::int32_t seen = free;
  while (seen > 0) {
    if (free.compare_exchange_weak(seen, seen - 1)) return true;
  }
  return false;
}

std::optional<ShardIndex> Gate::take_slot_elsewhere(ShardIndex self) {
  const auto shards = static_cast<std::uint16_t>(lanes_.size());
  for (std::uint16_t step = 1; step < shards; ++step) {
    const ShardIndex at{static_cast<std::uint16_t>((self.value + step) % shards)};
    if (take_slot(at)) return at;
  }
  return std::nullopt;
}

bool Gate::any_slot_free() const {
  for (const Lane& lane : lanes_) {
    if (lane.free > 0) return true;
  }
  return false;
}

std::uint32_t Gate::all_free_slots() const {
  std::uint32_t free = 0;
  for (std::uint16_t i = 0; i < lanes_.size(); ++i) free += free_slots(ShardIndex{i});
  return free;
}

bool Gate::anyone_waits() const {
  for (std::uint16_t i = 0; i < lanes_.size(); ++i) {
    if (waits(ShardIndex{i})) return true;
  }
  return false;
}

void Gate::publish(ShardIndex self, std::int64_t oldest_caller, std::int64_t oldest_queued) {
  Lane& lane = lanes_[self.value];
  // Most calls find a slot at once and publish nothing new; a store would cost them a fence.
  if (lane.oldest_caller.load(std::memory_order_relaxed) != oldest_caller) {
    lane.oldest_caller = oldest_caller;
  }
  if (lane.oldest_queued.load(std::memory_order_relaxed) != oldest_queued) {
    lane.oldest_queued = oldest_queued;
  }
}

std::optional<ShardIndex> Gate::oldest(std::atomic<std::int64_t> Lane::*since) const {
  std::optional<ShardIndex> found;
  std::int64_t earliest = kNobodyWaits;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const std::int64_t at = lanes_[i].*since;
    if (at >= earliest) continue;
    earliest = at;
    found = ShardIndex{static_cast<std::uint16_t>(i)};
  }
  return found;
}

std::optional<WaiterAt> Gate::next_waiter() {
  const auto caller = oldest(&Lane::oldest_caller);
  const auto queued = oldest(&Lane::oldest_queued);
  if (!caller && !queued) return std::nullopt;
  if (!caller) return WaiterAt{*queued, Waiter::kQueued};
  if (queued && ++turns_ % kQueuedTurn == 0) return WaiterAt{*queued, Waiter::kQueued};
  return WaiterAt{*caller, Waiter::kCaller};
}

bool Gate::waits(ShardIndex at) const {
  const Lane& lane = lanes_[at.value];
  return lane.oldest_caller != kNobodyWaits || lane.oldest_queued != kNobodyWaits;
}

bool Gate::join_line(std::uint32_t max) { return take_below(callers_waiting_, max); }

bool AccountPlaces::take() { return take_below(used_, max_); }

std::shared_ptr<Gate> GateTable::of(FunctionId function) {
  const std::lock_guard lock(mutex_);
  auto& gate = gates_[function];
  if (!gate) gate = std::make_shared<Gate>(shards_, share_);
  return gate;
}

void GateTable::forget(FunctionId function) {
  const std::lock_guard lock(mutex_);
  gates_.erase(function);
}

}  // namespace convoke
