// A stream with its consumer groups. A value: a copy is a snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "queue/redis/stream_id.h"

namespace convoke::stand_in {

using redis::StreamId;

inline constexpr StreamId kFirstId{0, 0};
inline constexpr StreamId kLastId{UINT64_MAX, UINT64_MAX};

// The neighbours of an id; nullopt beyond the first and the last.
[[nodiscard]] std::optional<StreamId> after(const StreamId& id);
[[nodiscard]] std::optional<StreamId> before(const StreamId& id);

struct Delivery {
  std::string consumer;
  std::int64_t at = 0;  // ms, the last one
  std::int64_t times = 0;
};

// What a group has handed out, and nobody has acknowledged.
class Group {
 public:
  explicit Group(const StreamId& last) : last_delivered(last) {}

  void deliver(const StreamId& id, Delivery delivery);
  bool acknowledge(const StreamId& id);
  // How many were pending at it; they are forgotten.
  std::size_t delete_consumer(const std::string& consumer);

  [[nodiscard]] const std::map<StreamId, Delivery>& pending() const { return pending_; }
  // Of those who have any: the ids, in order.
  [[nodiscard]] const std::map<std::string, std::set<StreamId>>& consumers() const {
    return consumers_;
  }

  StreamId last_delivered;

 private:
  std::map<StreamId, Delivery> pending_;
  std::map<std::string, std::set<StreamId>> consumers_;
};

struct Stream {
  using Fields = std::vector<std::string>;

  // The one that `*` stands for: never smaller than any before, whatever the clock says.
  [[nodiscard]] std::optional<StreamId> next_id(std::int64_t now_ms) const;

  std::map<StreamId, Fields> entries;
  StreamId last;
  std::map<std::string, Group> groups;
};

}  // namespace convoke::stand_in
