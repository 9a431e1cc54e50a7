#include "queue/redis/stand.h"

#include <array>

namespace convoke::redis {

std::optional<Stand> parse_stand(const Reply& reply) {
  std::array<std::int64_t, 6> told{};
  if (reply.size() != told.size()) return std::nullopt;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const auto number = reply[i].integer();
    if (!number) return std::nullopt;
    told.at(i) = *number;
  }
  Stand stand;
  stand.accepted = static_cast<std::uint64_t>(told[0]);
  stand.claimed = static_cast<std::uint64_t>(told[1]);
  stand.settled = static_cast<std::uint64_t>(told[2]);
  stand.in_stream = static_cast<std::uint64_t>(told[3]);
  stand.delayed = static_cast<std::uint64_t>(told[4]);
  if (told[5] >= 0) stand.next_due = wall_from_ms(told[5]);
  return stand;
}

}  // namespace convoke::redis
