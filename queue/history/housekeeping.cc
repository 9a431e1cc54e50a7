#include "queue/history/housekeeping.h"

#include <string_view>

#include "queue/history/rows.h"

namespace convoke::history {
namespace {

using sqlite::Failure;

constexpr std::uint32_t kCollectedAtOnce = 50;  // between two looks at the room that they took

Failure read_number(sqlite::Database& database, std::string_view pragma, std::uint64_t& number) {
  return database.for_each_row(
      [&](const sqlite::Statement& row) { number = static_cast<std::uint64_t>(row.integer(0)); },
      pragma);
}

Failure remove_oldest(sqlite::Database& database, std::int64_t ended_before_ms, std::uint32_t count,
                      std::uint64_t& removed) {
  Failure gone = database.run(
      "DELETE FROM calls WHERE number IN (SELECT number FROM calls INDEXED BY calls_by_end "
      "WHERE ended_ms <> 0 AND ended_ms < ? ORDER BY ended_ms LIMIT ?)",
      ended_before_ms, std::int64_t{count});
  if (!sqlite::failed(gone)) removed = static_cast<std::uint64_t>(database.changes());
  return gone;
}

}  // namespace

Failure collect_ended_before(sqlite::Database& database, WallTime end, Collected& collected) {
  Failure gone = remove_oldest(database, to_ms(end), kCollectedMax, collected.expired);
  if (collected.expired == kCollectedMax) collected.more = true;
  return gone;
}

Failure forget_fired_before(sqlite::Database& database, WallTime end) {
  return database.run("DELETE FROM timers WHERE fired_ms < ?", to_ms(end));
}

Failure collect_for_room(sqlite::Database& database, std::uint64_t bytes_max,
                         Collected& collected) {
  constexpr std::int64_t kAnyTime = INT64_MAX;
  for (std::uint32_t step = 0; step < kCollectedMax / kCollectedAtOnce; ++step) {
    std::uint64_t bytes = 0;
    if (Failure read = bytes_used(database, bytes); sqlite::failed(read)) return read;
    if (bytes <= bytes_max) return {};
    std::uint64_t removed = 0;
    Failure gone = remove_oldest(database, kAnyTime, kCollectedAtOnce, removed);
    collected.for_room += removed;
    if (sqlite::failed(gone) || removed < kCollectedAtOnce) return gone;
  }
  collected.more = true;
  return {};
}

Failure purge(sqlite::Database& database, const std::vector<CallId>& calls, std::uint64_t& purged) {
  for (const CallId& call : calls) {
    Failure gone =
        database.run("DELETE FROM calls WHERE id = ? AND status IN (5, 8)", stored(call));
    if (sqlite::failed(gone)) return gone;
    purged += static_cast<std::uint64_t>(database.changes());
  }
  return {};
}

Failure bytes_used(sqlite::Database& database, std::uint64_t& bytes) {
  std::uint64_t pages = 0;
  std::uint64_t unused = 0;
  std::uint64_t page_size = 0;
  Failure read = read_number(database, "PRAGMA page_count", pages);
  if (!sqlite::failed(read)) read = read_number(database, "PRAGMA freelist_count", unused);
  if (!sqlite::failed(read)) read = read_number(database, "PRAGMA page_size", page_size);
  if (!sqlite::failed(read)) bytes = (pages - unused) * page_size;
  return read;
}

}  // namespace convoke::history
