// Sorted sets of call ids by accept time, walked in either order. Pure, but for the commands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "queue/history/token.h"
#include "queue/redis/bytes.h"
#include "queue/redis/command.h"
#include "queue/redis/reading.h"

namespace convoke::redis {

[[nodiscard]] inline bool comes_after(const history::Place& place, const history::Place& other,
                                      history::Order order) {
  return order == history::Order::kAscending ? place > other : place < other;
}

// So many members from the accept time of `after` on, which are not all behind it.
[[nodiscard]] inline Command range_from(const std::string& key,
                                        const std::optional<history::Place>& after,
                                        history::Order order, std::size_t count) {
  const bool ascending = order == history::Order::kAscending;
  Command command(ascending ? "ZRANGEBYSCORE" : "ZREVRANGEBYSCORE");
  command.arg(key);
  if (after) {
    command.arg(to_ms(after->accepted));
  } else {
    command.arg(ascending ? "-inf" : "+inf");
  }
  command.arg(ascending ? "+inf" : "-inf").arg("WITHSCORES").arg("LIMIT").arg(0).arg(count);
  return command;
}

[[nodiscard]] inline std::vector<history::Place> places_in(const Texts& range) {
  std::vector<history::Place> places;
  for (std::size_t i = 0; i + 1 < range.size(); i += 2) {
    if (!range[i] || !range[i + 1] || range[i]->size() != 16) continue;
    const auto accepted = static_cast<std::int64_t>(std::strtod(range[i + 1]->c_str(), nullptr));
    places.push_back({wall_from_ms(accepted), get_call_id(*range[i])});
  }
  return places;
}

inline void drop_up_to(const std::optional<history::Place>& after, history::Order order,
                       std::vector<history::Place>& places) {
  if (!after) return;
  std::erase_if(places,
                [&](const history::Place& place) { return !comes_after(place, *after, order); });
}

}  // namespace convoke::redis
