// The calls on which this incarnation has a lease: claimed and not ended, or given back and not yet
// claimed again. Shard thread only.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/model/ids.h"
#include "queue/queue.h"
#include "queue/redis/entry.h"
#include "queue/redis/stream_id.h"

namespace convoke::redis {

struct Held {
  enum class Standing : std::uint8_t { kClaimed, kReturned, kEnding };
  FunctionId function;
  StreamId place;
  EntryHead head;
  std::uint8_t qualifier_size = 0;
  std::string name;
  std::uint32_t claims = 0;  // since it was last written: the low half of its epoch
  // Of named calls, for those who look; 0: not yet.
  WallTime dequeued{};
  WallTime started{};
  WallTime stopping{};
  std::string instance_id;
  Standing standing = Standing::kClaimed;

  [[nodiscard]] Epoch epoch() const { return Epoch::of(head.turn, claims); }
  [[nodiscard]] std::string encoded(const EntryHead& next) const {
    return encode(next, qualifier_size, name.size());
  }
};

class HeldCalls {
 public:
  // The call was handed out now: `deliveries` of its entry to any incarnation, this one included.
  ClaimedCall claim(FunctionId function, const StreamId& place, const Entry& entry,
                    std::uint32_t deliveries, WallTime now);
  // nullptr: the receipt is stale.
  [[nodiscard]] Held* current(const Receipt& receipt);
  [[nodiscard]] Held* find(const CallId& id);
  [[nodiscard]] const Held* find(const CallId& id) const;
  void forget(const CallId& id) { held_.erase(id); }
  void forget_all() { held_.clear(); }
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [id, held] : held_) visit(held);
  }

 private:
  std::unordered_map<CallId, Held> held_;
};

}  // namespace convoke::redis
