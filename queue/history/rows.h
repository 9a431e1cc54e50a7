// Between rows and values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/sqlite/sqlite.h"
#include "queue/history/record.h"
#include "queue/history/token.h"
#include "queue/history/under_way.h"
#include "queue/queue.h"

namespace convoke::history {

[[nodiscard]] inline std::int64_t stored(FunctionId id) {
  return static_cast<std::int64_t>(id.value);
}
[[nodiscard]] sqlite::Blob stored(const CallId& id);
[[nodiscard]] inline std::int64_t stored(CallState state) {
  return static_cast<std::int64_t>(state);
}

// A call as the database has it.
struct Row {
  std::int64_t number = 0;
  std::uint64_t events = 0;  // so far
  Record record;             // without events, payload, and what its attempts say
  [[nodiscard]] Position position() const { return {record.accepted, number}; }
};
inline constexpr std::string_view kRowColumns =
    "number, events, id, function, name, qualifier, status, accepted_ms, due_ms, started_ms, "
    "ended_ms, retries, destination_status";
[[nodiscard]] Row row_from(const sqlite::Statement& row);

// One attempt, or an end that came without one.
struct Attempt {
  std::uint64_t first_event = 0;
  AttemptReport report;
  WallTime ended{};
  CallState became = CallState::kRetrying;
};
inline constexpr std::string_view kAttemptColumns =
    "event, dequeued_ms, started_ms, ended_ms, status, instance, duration_ms, error, message";
[[nodiscard]] Attempt attempt_from(const sqlite::Statement& row);
[[nodiscard]] std::uint64_t events_of(const AttemptReport& report);  // how many it makes

// The last thing that a record needs before it is shown; both are pure.
void show_attempts(Row& row, const std::vector<Attempt>& attempts);
void show_under_way(Row& row, const Held& held);

}  // namespace convoke::history
