// A trigger's row in Redis (row_json.h): what its type needs, and no more.
#include <string>
#include <utility>

#include "core/model/json_writer.h"
#include "core/registry/shared/row_json.h"
#include "core/registry/shared/row_reader.h"
#include "core/registry/trigger_rules.h"

namespace convoke::shared_registry {
namespace {

std::int64_t stored(std::uint64_t number) { return static_cast<std::int64_t>(number); }

struct Write {
  JsonWriter& row;
  void operator()(const HttpTrigger& http) const {
    row.key("anonymous").boolean(http.anonymous).member("methods", as_lines(http.methods));
  }
  void operator()(const TimerTrigger& timer) const {
    row.member("cronExpression", timer.cron_expression).member("payload", timer.payload);
    row.key("enabled").boolean(timer.enabled);
  }
  void operator()(const ObjectTrigger& object) const {
    row.member("bucket", object.bucket).member("events", as_lines(object.events));
    row.member("prefix", object.prefix).member("suffix", object.suffix);
    row.member("generationsMax", std::int64_t{object.generations_max});
  }
  void operator()(const CloudEventTrigger& trigger) const {
    row.member("filters", as_lines(trigger.filters));
  }
};

struct Read {
  RowReader& row;
  void operator()(HttpTrigger& http) const {
    http.anonymous = row.flag("anonymous");
    http.methods = from_lines(row.text("methods"));
  }
  void operator()(TimerTrigger& timer) const {
    timer.cron_expression = row.text("cronExpression");
    timer.payload = row.text("payload");
    timer.enabled = row.flag("enabled");
  }
  void operator()(ObjectTrigger& object) const {
    object.bucket = row.text("bucket");
    object.events = from_lines(row.text("events"));
    object.prefix = row.text("prefix");
    object.suffix = row.text("suffix");
    if (row.has("generationsMax"))
      object.generations_max = row.number<std::uint8_t>("generationsMax");
  }
  void operator()(CloudEventTrigger& trigger) const {
    trigger.filters = filters_from_lines(row.text("filters"));
  }
};

}  // namespace

std::string row_of(const Trigger& trigger) {
  JsonWriter row;
  row.object()
      .member("id", stored(trigger.id))
      .member("service", trigger.service)
      .member("function", trigger.function)
      .member("functionId", stored(trigger.function_id.value))
      .member("name", trigger.name)
      .member("type", trigger.type())
      .member("description", trigger.description)
      .member("qualifier", trigger.qualifier)
      .member("sourceArn", trigger.source_arn)
      .member("invocationRole", trigger.invocation_role)
      .member("outputs", as_lines(trigger.outputs))
      .key("allowLoop")
      .boolean(trigger.allow_loop)
      .member("created", to_ms(trigger.created))
      .member("modified", to_ms(trigger.modified))
      .member("etag", trigger.etag);
  std::visit(Write{row}, trigger.config);
  if (trigger.paused)
    row.member("paused", to_ms(trigger.paused->since)).member("pausedWhy", trigger.paused->why);
  return row.end().take();
}

Result<Trigger> trigger_from(std::string_view text) {
  RowReader row("trigger", text);
  Trigger trigger;
  trigger.id = row.number<std::uint64_t>("id");
  trigger.service = row.text("service");
  trigger.function = row.text("function");
  trigger.function_id = FunctionId{row.number<std::uint64_t>("functionId")};
  trigger.name = row.text("name");
  if (!set_type(row.text("type"), trigger)) row.wrong("type", "is none that this program knows");
  trigger.description = row.text("description");
  trigger.qualifier = row.text("qualifier");
  trigger.source_arn = row.text("sourceArn");
  trigger.invocation_role = row.text("invocationRole");
  trigger.outputs = outputs_from_lines(row.text("outputs"));
  trigger.allow_loop = row.flag("allowLoop");
  trigger.created = wall_from_ms(row.number<std::int64_t>("created"));
  trigger.modified = wall_from_ms(row.number<std::int64_t>("modified"));
  trigger.etag = row.text("etag");
  std::visit(Read{row}, trigger.config);
  if (row.has("paused"))
    trigger.paused =
        TriggerPause{wall_from_ms(row.number<std::int64_t>("paused")), row.text("pausedWhy")};
  if (Result<void> verdict = row.verdict(); !verdict) return verdict.error();
  return trigger;
}

}  // namespace convoke::shared_registry
