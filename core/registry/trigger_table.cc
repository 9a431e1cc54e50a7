#include "core/registry/trigger_table.h"

#include <fmt/core.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/registry/trigger_rules.h"

namespace convoke::trigger_table {
namespace {

using sqlite::Failure;
using sqlite::Statement;

std::int64_t stored(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t loaded(std::int64_t value) { return static_cast<std::uint64_t>(value); }

// The columns of one kind; those of the others are empty.
struct Columns {
  std::string auth_type;
  std::string methods;
  std::string cron_expression;
  std::string payload;
  bool enabled = false;
  std::string bucket;
  std::string events;
  std::string prefix;
  std::string suffix;
  std::uint8_t generations_max = 0;
};

struct Fill {
  Columns& columns;
  void operator()(const HttpTrigger& http) const {
    columns.auth_type = http.anonymous ? "anonymous" : "function";
    columns.methods = as_lines(http.methods);
  }
  void operator()(const TimerTrigger& timer) const {
    columns.cron_expression = timer.cron_expression;
    columns.payload = timer.payload;
    columns.enabled = timer.enabled;
  }
  void operator()(const ObjectTrigger& object) const {
    columns.bucket = object.bucket;
    columns.events = as_lines(object.events);
    columns.prefix = object.prefix;
    columns.suffix = object.suffix;
    columns.generations_max = object.generations_max;
  }
  void operator()(const CloudEventTrigger& trigger) const {
    columns.events = as_lines(trigger.filters);
  }
};

std::optional<std::int64_t> paused_since(const Trigger& trigger) {
  if (!trigger.paused) return std::nullopt;
  return to_ms(trigger.paused->since);
}

TriggerConfig config_from(const Statement& row, const Trigger& kind) {
  if (kind.as<HttpTrigger>() != nullptr)
    return HttpTrigger{row.text(10) == "anonymous", from_lines(row.text(11))};
  if (kind.as<TimerTrigger>() != nullptr)
    return TimerTrigger{row.text(12), row.text(13), row.integer(14) != 0};
  if (kind.as<CloudEventTrigger>() != nullptr)
    return CloudEventTrigger{filters_from_lines(row.text(16))};
  return ObjectTrigger{row.text(15), from_lines(row.text(16)), row.text(17), row.text(18),
                       static_cast<std::uint8_t>(row.integer(22))};
}

Trigger trigger_from(const Statement& row, const Function& function, Failure& failure) {
  Trigger trigger;
  trigger.service = function.spec.service;
  trigger.function = function.spec.name;
  trigger.function_id = function.id;
  trigger.name = row.text(1);
  trigger.id = loaded(row.integer(2));
  if (!set_type(row.text(3), trigger) && failure.code == SQLITE_OK)
    failure = {SQLITE_CORRUPT, fmt::format("unknown type of trigger '{}'", row.text(3))};
  trigger.description = row.text(4);
  trigger.qualifier = row.text(5);
  trigger.source_arn = row.text(6);
  trigger.invocation_role = row.text(7);
  trigger.outputs = outputs_from_lines(row.text(8));
  trigger.allow_loop = row.integer(9) != 0;
  trigger.config = config_from(row, trigger);
  trigger.created = wall_from_ms(row.integer(19));
  trigger.modified = wall_from_ms(row.integer(20));
  trigger.etag = row.text(21);
  if (const auto since = row.nullable(23))
    trigger.paused = TriggerPause{wall_from_ms(*since), row.text(24)};
  return trigger;
}

}  // namespace

Failure load(sqlite::Database& database, const std::map<FunctionId, Function>& functions,
             std::vector<Trigger>& triggers) {
  Failure damage;
  Failure read = database.for_each_row(
      [&](const Statement& row) {
        const auto function = functions.find(FunctionId{loaded(row.integer(0))});
        if (function != functions.end())
          triggers.push_back(trigger_from(row, function->second, damage));
      },
      "SELECT function, name, id, type, description, qualifier, source_arn, invocation_role, "
      "outputs, allow_loop, auth_type, methods, cron_expression, payload, enabled, bucket, events, "
      "key_prefix, key_suffix, created_ms, modified_ms, etag, generations_max, paused_ms, "
      "paused_why "
      "FROM triggers");
  return damage.code != SQLITE_OK ? damage : read;
}

Failure write(sqlite::Database& database, const TriggerPut& put) {
  const Trigger& trigger = *put.trigger;
  Columns columns;
  std::visit(Fill{columns}, trigger.config);
  const std::string outputs = as_lines(trigger.outputs);
  const std::string why = trigger.paused ? trigger.paused->why : std::string();
  return database.run(
      "INSERT OR REPLACE INTO triggers VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      stored(trigger.function_id.value), std::string_view(trigger.name), stored(trigger.id),
      trigger.type(), std::string_view(trigger.description), std::string_view(trigger.qualifier),
      std::string_view(trigger.source_arn), std::string_view(trigger.invocation_role),
      std::string_view(outputs), std::int64_t{trigger.allow_loop},
      std::string_view(columns.auth_type), std::string_view(columns.methods),
      std::string_view(columns.cron_expression), std::string_view(columns.payload),
      std::int64_t{columns.enabled}, std::string_view(columns.bucket),
      std::string_view(columns.events), std::string_view(columns.prefix),
      std::string_view(columns.suffix), to_ms(trigger.created), to_ms(trigger.modified),
      std::string_view(trigger.etag), std::int64_t{columns.generations_max}, paused_since(trigger),
      std::string_view(why));
}

Failure write(sqlite::Database& database, const TriggerGone& gone) {
  return database.run("DELETE FROM triggers WHERE function = ? AND name = ?",
                      stored(gone.function_id.value), std::string_view(gone.name));
}

}  // namespace convoke::trigger_table
