#include "tests/redis_stand_in/stream.h"

namespace convoke::stand_in {

std::optional<StreamId> after(const StreamId& id) {
  if (id == kLastId) return std::nullopt;
  if (id.sequence == UINT64_MAX) return StreamId{id.ms + 1, 0};
  return StreamId{id.ms, id.sequence + 1};
}

std::optional<StreamId> before(const StreamId& id) {
  if (id == kFirstId) return std::nullopt;
  if (id.sequence == 0) return StreamId{id.ms - 1, UINT64_MAX};
  return StreamId{id.ms, id.sequence - 1};
}

void Group::deliver(const StreamId& id, Delivery delivery) {
  acknowledge(id);
  consumers_[delivery.consumer].insert(id);
  pending_.emplace(id, std::move(delivery));
}

bool Group::acknowledge(const StreamId& id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return false;
  const auto consumer = consumers_.find(found->second.consumer);
  consumer->second.erase(id);
  if (consumer->second.empty()) consumers_.erase(consumer);
  pending_.erase(found);
  return true;
}

std::size_t Group::delete_consumer(const std::string& consumer) {
  const auto found = consumers_.find(consumer);
  if (found == consumers_.end()) return 0;
  const std::size_t held = found->second.size();
  for (const StreamId& id : found->second) pending_.erase(id);
  consumers_.erase(found);
  return held;
}

std::optional<StreamId> Stream::next_id(std::int64_t now_ms) const {
  const auto now = static_cast<std::uint64_t>(now_ms);
  return now > last.ms ? StreamId{now, 0} : after(last);
}

}  // namespace convoke::stand_in
