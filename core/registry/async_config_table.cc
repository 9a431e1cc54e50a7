#include "core/registry/async_config_table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace convoke::async_config_table {
namespace {

using sqlite::Failure;
using sqlite::Statement;

std::int64_t stored(FunctionId id) { return static_cast<std::int64_t>(id.value); }

template <class Number>
std::optional<std::int64_t> stored(const std::optional<Number>& number) {
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<std::int64_t> stored(const std::optional<Seconds>& time) {
  if (!time) return std::nullopt;
  return time->count();
}

std::string_view stored(const std::optional<Destination>& destination) {
  return destination ? std::string_view(destination->text) : std::string_view();
}

template <class Member>
std::optional<Member> loaded(std::optional<std::int64_t> number) {
  if (!number) return std::nullopt;
  return static_cast<Member>(*number);
}

// Remembers the first text that is no destination.
std::optional<Destination> loaded(const std::string& text, Failure& failure) {
  if (text.empty()) return std::nullopt;
  Result<Destination> parsed = parse_destination("a stored destination", text);
  if (parsed) return *std::move(parsed);
  if (failure.code == SQLITE_OK) failure = {SQLITE_CORRUPT, parsed.error().message};
  return std::nullopt;
}

AsyncConfig config_from(const Statement& row, const Function& function, Failure& failure) {
  AsyncConfig config;
  config.service = function.spec.service;
  config.qualifier = row.text(1);
  config.function = function.spec.name;
  config.function_id = function.id;
  config.on_success = loaded(row.text(2), failure);
  config.on_failure = loaded(row.text(3), failure);
  config.age_max = loaded<Seconds>(row.nullable(4));
  config.retries_max = loaded<std::uint32_t>(row.nullable(5));
  config.stateful = loaded<bool>(row.nullable(6));
  config.created = wall_from_ms(row.integer(7));
  config.modified = wall_from_ms(row.integer(8));
  config.allow_loop = row.integer(9) != 0;
  return config;
}

}  // namespace

Failure load(sqlite::Database& database, const std::map<FunctionId, Function>& functions,
             std::vector<AsyncConfig>& configs) {
  Failure damage;
  Failure read = database.for_each_row(
      [&](const Statement& row) {
        const auto function =
            functions.find(FunctionId{static_cast<std::uint64_t>(row.integer(0))});
        if (function != functions.end())
          configs.push_back(config_from(row, function->second, damage));
      },
      "SELECT function, qualifier, on_success, on_failure, age_max_s, retries_max, stateful, "
      "created_ms, modified_ms, allow_loop FROM async_configs");
  return damage.code != SQLITE_OK ? damage : read;
}

Failure write(sqlite::Database& database, const AsyncConfigPut& put) {
  const AsyncConfig& config = *put.config;
  return database.run("INSERT OR REPLACE INTO async_configs VALUES(?,?,?,?,?,?,?,?,?,?)",
                      stored(config.function_id), std::string_view(config.qualifier),
                      stored(config.on_success), stored(config.on_failure), stored(config.age_max),
                      stored(config.retries_max), stored(config.stateful), to_ms(config.created),
                      to_ms(config.modified), std::int64_t{config.allow_loop});
}

Failure write(sqlite::Database& database, const AsyncConfigGone& gone) {
  return database.run("DELETE FROM async_configs WHERE function = ? AND qualifier = ?",
                      stored(gone.function_id), std::string_view(gone.qualifier));
}

}  // namespace convoke::async_config_table
