#include "core/registry/kill_switch_table.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace convoke::kill_switch_table {
namespace {

using sqlite::Failure;
using sqlite::Statement;

std::optional<std::int64_t> stored(FunctionId id) {
  if (id.value == 0) return std::nullopt;
  return static_cast<std::int64_t>(id.value);
}

std::optional<std::int64_t> stored(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return to_ms(*time);
}

KillSwitch switch_from(const Statement& row) {
  KillSwitch one;
  one.scope = {row.text(0), row.text(1)};
  one.function_id = FunctionId{static_cast<std::uint64_t>(row.nullable(2).value_or(0))};
  one.version = static_cast<std::uint64_t>(row.integer(3));
  one.disabled = row.integer(4) != 0;
  one.aborts = row.integer(5) != 0;
  one.refuses_async = row.integer(6) != 0;
  one.reason = row.text(7);
  one.by = row.text(8);
  one.since = wall_from_ms(row.integer(9));
  if (const auto until = row.nullable(10)) one.until = wall_from_ms(*until);
  return one;
}

}  // namespace

Failure load(sqlite::Database& database, std::vector<KillSwitch>& switches) {
  return database.for_each_row([&](const Statement& row) { switches.push_back(switch_from(row)); },
                               "SELECT service, function, function_id, version, disabled, aborts, "
                               "refuses_async, reason, set_by, since_ms, until_ms "
                               "FROM kill_switches");
}

Failure write(sqlite::Database& database, const SwitchPut& put) {
  const KillSwitch& one = *put.kill_switch;
  return database.run("INSERT OR REPLACE INTO kill_switches VALUES(?,?,?,?,?,?,?,?,?,?,?)",
                      std::string_view(one.scope.service), std::string_view(one.scope.function),
                      stored(one.function_id), static_cast<std::int64_t>(one.version),
                      std::int64_t{one.disabled}, std::int64_t{one.aborts},
                      std::int64_t{one.refuses_async}, std::string_view(one.reason),
                      std::string_view(one.by), to_ms(one.since), stored(one.until));
}

Failure write(sqlite::Database& database, const SwitchGone& gone) {
  return database.run("DELETE FROM kill_switches WHERE service = ? AND function = ?",
                      std::string_view(gone.scope.service), std::string_view(gone.scope.function));
}

}  // namespace convoke::kill_switch_table
