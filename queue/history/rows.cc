#include "queue/history/rows.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace convoke::history {
namespace {

CallId call_id_from(const std::string& bytes) {
  std::array<std::uint8_t, 16> id{};
  std::memcpy(id.data(), bytes.data(), std::min(bytes.size(), id.size()));
  return CallId::from_bytes(id);
}

CallState state_from(std::int64_t number) {
  const auto last = static_cast<std::int64_t>(kCallStates) - 1;
  return static_cast<CallState>(std::clamp<std::int64_t>(number, 0, last));
}

}  // namespace

sqlite::Blob stored(const CallId& id) {
  return {std::string_view(reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size())};
}

Row row_from(const sqlite::Statement& row) {
  Row found;
  found.number = row.integer(0);
  found.events = static_cast<std::uint64_t>(row.integer(1));
  Record& record = found.record;
  record.id = call_id_from(row.blob(2));
  record.function = FunctionId{static_cast<std::uint64_t>(row.integer(3))};
  record.name = row.text(4);
  record.qualifier = row.text(5);
  record.state = state_from(row.integer(6));
  record.accepted = wall_from_ms(row.integer(7));
  record.due = wall_from_ms(row.integer(8));
  record.started = wall_from_ms(row.integer(9));
  record.ended = wall_from_ms(row.integer(10));
  record.retries = static_cast<std::uint32_t>(row.integer(11));
  record.destination_status = row.text(12);
  return found;
}

Attempt attempt_from(const sqlite::Statement& row) {
  Attempt attempt;
  attempt.first_event = static_cast<std::uint64_t>(row.integer(0));
  attempt.report.dequeued = wall_from_ms(row.integer(1));
  attempt.report.started = wall_from_ms(row.integer(2));
  attempt.ended = wall_from_ms(row.integer(3));
  attempt.became = state_from(row.integer(4));
  attempt.report.instance_id = row.text(5);
  attempt.report.duration = Millis{row.integer(6)};
  attempt.report.error = row.text(7);
  attempt.report.message = row.text(8);
  return attempt;
}

}  // namespace convoke::history
