// Delayed calls that are not in memory, by the time at which they fall due.
//
// What falls due within the same stretch of time lies on one shelf; the further away, the longer
// the stretch. When a long one begins, its calls are put on shorter ones; when a short one begins
// they are handed out, in no order, up to kShortest ahead of their time. A block at a time, so that
// no turn is long however many fall due at once.
//
// Shard thread only. The blocks outlive it.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/model/instant.h"
#include "queue/journal/shelf.h"

namespace convoke::journal {

class DueShelves {
 public:
  static constexpr Millis kShortest{1 << 10};  // about a second; the others are a minute, an hour

  explicit DueShelves(Blocks& blocks) : blocks_(blocks) {}

  void put(const CallNote& note, WallTime now);
  // When there is something to be taken; nullopt: they are empty.
  [[nodiscard]] std::optional<WallTime> next() const;
  // A block's worth of what next() promised; it may be that all of it lies on other shelves now.
  [[nodiscard]] std::vector<CallNote> take(WallTime now);
  using Stretch = std::pair<WallTime, Millis>;  // its begin and length
  [[nodiscard]] const std::map<Stretch, Shelf>& shelves() const { return shelves_; }
  void remove(const Stretch& stretch, const CallId& id);  // one that is there
  [[nodiscard]] bool move(const CallId& id, std::uint64_t segment, std::uint32_t offset);

 private:
  void put(const CallNote& note, Millis length);

  Blocks& blocks_;
  std::map<Stretch, Shelf> shelves_;  // none is empty
};

}  // namespace convoke::journal
