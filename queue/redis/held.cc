#include "queue/redis/held.h"

namespace convoke::redis {
namespace {

// The low half of an epoch: deliveries to incarnations above, claims by this one below. Each kind
// grows, and neither reaches the other's bits in the life of one entry.
constexpr std::uint32_t kDelivery = 1U << 16;

}  // namespace

ClaimedCall HeldCalls::claim(FunctionId function, const StreamId& place, const Entry& entry,
                             std::uint32_t deliveries, WallTime now) {
  Held& held = held_[entry.head.id];
  held.function = function;
  held.place = place;
  const bool repeated = held.head.maybe_repeated || deliveries > 1;
  held.head = entry.head;
  held.head.maybe_repeated |= repeated;
  held.qualifier_size = static_cast<std::uint8_t>(entry.qualifier.size());
  held.name = entry.name;
  held.claims = std::max(held.claims, deliveries * kDelivery) + 1;
  held.standing = Held::Standing::kClaimed;
  held.dequeued = now;
  held.started = held.stopping = WallTime{};
  held.instance_id.clear();
  ClaimedCall call;
  call.receipt = {held.head.id, function, held.epoch()};
  call.qualifier = entry.qualifier;
  call.name = entry.name;
  call.event = entry.event;
  call.lineage = entry.lineage;
  call.accepted = held.head.accepted;
  call.due = held.head.first_due;
  call.function_errors = held.head.function_errors;
  call.retries = held.head.retries;
  call.maybe_repeated = held.head.maybe_repeated;
  return call;
}

Held* HeldCalls::find(const CallId& id) {
  const auto found = held_.find(id);
  return found == held_.end() ? nullptr : &found->second;
}

const Held* HeldCalls::find(const CallId& id) const {
  const auto found = held_.find(id);
  return found == held_.end() ? nullptr : &found->second;
}

Held* HeldCalls::current(const Receipt& receipt) {
  Held* const held = find(receipt.id);
  if (held == nullptr || held->standing != Held::Standing::kClaimed) return nullptr;
  return held->epoch() == receipt.epoch ? held : nullptr;
}

}  // namespace convoke::redis
