// What leaves history: too old, too much, or purged by an operator. Each inside its caller's
// transaction, on its thread. Only calls that have ended leave.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/sqlite/sqlite.h"

namespace convoke::history {

// No due time that is older is fired for any more (late_max in core/dispatch/timer_plan.h).
inline constexpr Millis kFiredKept = std::chrono::hours{48};

// How many records one step removes at most.
inline constexpr std::uint32_t kCollectedMax = 500;

struct Collected {
  std::uint64_t expired = 0;   // older than the retention
  std::uint64_t for_room = 0;  // the oldest, so that the rest keeps within its bytes
  bool more = false;           // there is more to remove: collect again
};

// Those that ended before `end`.
[[nodiscard]] sqlite::Failure collect_ended_before(sqlite::Database& database, WallTime end,
                                                   Collected& collected);
// What timers fired for last, before `end`.
[[nodiscard]] sqlite::Failure forget_fired_before(sqlite::Database& database, WallTime end);
// Oldest end first, until the rest is within `bytes_max`.
[[nodiscard]] sqlite::Failure collect_for_room(sqlite::Database& database, std::uint64_t bytes_max,
                                               Collected& collected);

// Of `calls` those that are there and have failed; counts them.
[[nodiscard]] sqlite::Failure purge(sqlite::Database& database, const std::vector<CallId>& calls,
                                    std::uint64_t& purged);

// What the rows take of the file. (The file itself does not shrink: room is used again.)
[[nodiscard]] sqlite::Failure bytes_used(sqlite::Database& database, std::uint64_t& bytes);

}  // namespace convoke::history
