// Between rows and values.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/sqlite/sqlite.h"
#include "queue/history/record.h"
#include "queue/history/shown.h"
#include "queue/history/token.h"

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

inline constexpr std::string_view kAttemptColumns =
    "event, dequeued_ms, started_ms, ended_ms, status, instance, duration_ms, error, message";
[[nodiscard]] Attempt attempt_from(const sqlite::Statement& row);

}  // namespace convoke::history
