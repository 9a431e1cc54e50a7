#include "queue/redis/stand.h"

#include <algorithm>
#include <array>

namespace convoke::redis {

std::optional<Stand> parse_stand(const Reply& reply) {
  std::array<std::int64_t, 6> told{};
  if (reply.size() != told.size()) return std::nullopt;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const auto number = reply[i].integer();
    if (!number) return std::nullopt;
    told.at(i) = i < 5 ? std::max<std::int64_t>(0, *number) : *number;
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

void ask_stand(Transaction& transaction, const FunctionKeys& keys) {
  transaction.add(
      Command("HMGET").arg(keys.counts()).arg("accepted").arg("claimed").arg("settled"));
  transaction.add(Command("XLEN").arg(keys.stream()));
  transaction.add(Command("ZCARD").arg(keys.delayed()));
  transaction.add(Command("ZRANGE").arg(keys.delayed()).arg(0).arg(0).arg("WITHSCORES"));
}

std::optional<Stand> asked_stand(const Reply& answer) {
  if (answer.size() < kStandReplies) return std::nullopt;
  const std::size_t first = answer.size() - kStandReplies;
  const auto counted = [](const Reply& number) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number.integer().value_or(0)));
  };
  for (std::size_t i = first; i < answer.size(); ++i) {
    if (answer[i].is_error()) return std::nullopt;
  }
  Stand stand;
  stand.accepted = counted(answer[first][0]);
  stand.claimed = counted(answer[first][1]);
  stand.settled = counted(answer[first][2]);
  stand.in_stream = counted(answer[first + 1]);
  stand.delayed = counted(answer[first + 2]);
  if (const auto due = answer[first + 3][1].integer()) stand.next_due = wall_from_ms(*due);
  return stand;
}

}  // namespace convoke::redis
