#include "core/api/triggers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/answers.h"
#include "core/api/fields.h"

namespace convoke {
namespace {

void read_filter(FieldReader& config, TriggerConfigFields& fields) {
  config.object("filter", [&fields](FieldReader& filter) {
    filter.object("key", [&fields](FieldReader& key) {
      key.text("prefix", fields.key_prefix);
      key.text("suffix", fields.key_suffix);
    });
  });
}

void read_match(EventMatch match, FieldReader& reader, std::vector<EventFilter>& filters) {
  std::optional<FieldReader::Texts> values;
  reader.texts(name_of(match), values);
  if (!values) return;
  for (auto& [attribute, value] : *values) {
    filters.push_back({match, std::move(attribute), std::move(value)});
  }
}

// A filter that were passed over would let through what it is to keep out.
void read_filters(FieldReader& config, TriggerConfigFields& fields) {
  std::vector<EventFilter> filters;
  const bool there = config.objects("filters", [&filters](FieldReader& filter) {
    const std::size_t before = filters.size();
    filter.only({"exact", "prefix", "suffix"});
    for (const EventMatch match : kEventMatches) read_match(match, filter, filters);
    if (filters.size() == before)
      filter.fail({ErrorCode::kInvalidArgument,
                   "an entry of triggerConfig.filters must have a member exact, prefix or suffix "
                   "that names an attribute"});
  });
  if (there) fields.filters = std::move(filters);
}

void read_config(FieldReader& body, TriggerFields& fields) {
  body.object("triggerConfig", [&fields](FieldReader& config) {
    TriggerConfigFields& read = fields.config.emplace();
    config.text("authType", read.auth_type);
    config.list("methods", read.methods);
    config.text("cronExpression", read.cron_expression);
    config.text("payload", read.payload);
    config.boolean("enable", read.enable);
    config.list("events", read.events);
    read_filter(config, read);
    read_filters(config, read);
    config.integer("maxGenerations", read.generations_max);
    config.list("outputs", read.outputs);
    config.boolean("allowLoop", read.allow_loop);
  });
}

void read_fields(FieldReader& body, TriggerFields& fields) {
  body.text("description", fields.description);
  body.text("triggerType", fields.type);
  body.text("qualifier", fields.qualifier);
  body.text("sourceArn", fields.source_arn);
  body.text("invocationRole", fields.invocation_role);
  body.boolean("paused", fields.paused);
  read_config(body, fields);
}

void write_list(std::string_view member, const std::vector<std::string>& items,
                JsonWriter& writer) {
  writer.key(member).array();
  for (const std::string& item : items) writer.text(item);
  writer.end();
}

struct WriteConfig {
  JsonWriter& writer;
  void operator()(const HttpTrigger& http) const {
    writer.member("authType", http.anonymous ? "anonymous" : "function");
    write_list("methods", http.methods, writer);
  }
  void operator()(const TimerTrigger& timer) const {
    writer.member("cronExpression", timer.cron_expression).member("payload", timer.payload);
    writer.key("enable").boolean(timer.enabled);
  }
  void operator()(const ObjectTrigger& object) const {
    write_list("events", object.events, writer);
    writer.key("filter").object().key("key").object();
    writer.member("prefix", object.prefix).member("suffix", object.suffix).end().end();
    writer.member("maxGenerations", std::int64_t{object.generations_max});
  }
  void operator()(const CloudEventTrigger& trigger) const {
    writer.key("filters").array();
    for (const EventFilter& filter : trigger.filters) {
      writer.object().key(name_of(filter.match)).object();
      writer.member(filter.attribute, filter.value).end().end();
    }
    writer.end();
  }
};

void write_config(const Trigger& trigger, JsonWriter& writer) {
  writer.key("triggerConfig").object();
  std::visit(WriteConfig{writer}, trigger.config);
  if (!trigger.outputs.empty())
    write_list("outputs", from_lines(as_lines(trigger.outputs)), writer);
  if (trigger.allow_loop) writer.key("allowLoop").boolean(true);
  writer.end();
}

void write_pause(const Trigger& trigger, JsonWriter& writer) {
  if (!trigger.paused) return;
  writer.key("paused").boolean(true);
  writer.member("pausedTime", rfc3339(trigger.paused->since))
      .member("pausedReason", trigger.paused->why);
}

void write_text_or_null(std::string_view member, const std::string& text, JsonWriter& writer) {
  writer.key(member);
  text.empty() ? writer.null() : writer.text(text);
}

}  // namespace

Result<Mutation> read_create_trigger(const Route& route, http::Request request) {
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  CreateTrigger create{route.service, route.function, {}, {}};
  std::optional<std::string> name;
  FieldReader reader(*body);
  reader.text("triggerName", name);
  read_fields(reader, create.fields);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  create.name = name.value_or("");
  return Mutation(std::move(create));
}

Result<Mutation> read_update_trigger(const Route& route, http::Request request) {
  UpdateTrigger update{route.service, route.function, route.trigger, {}, if_match_of(request)};
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  FieldReader reader(*body);
  read_fields(reader, update.fields);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  return Mutation(std::move(update));
}

Mutation read_delete_trigger(const Route& route, const http::Request& request) {
  return DeleteTrigger{route.service, route.function, route.trigger, if_match_of(request)};
}

void write_trigger(const Trigger& trigger, JsonWriter& writer) {
  writer.object()
      .member("triggerName", trigger.name)
      .member("triggerId", std::to_string(trigger.id))
      .member("description", trigger.description)
      .member("triggerType", trigger.type());
  write_text_or_null("sourceArn", trigger.source_arn, writer);
  write_text_or_null("invocationRole", trigger.invocation_role, writer);
  writer.member("qualifier", trigger.qualifier);
  write_config(trigger, writer);
  write_pause(trigger, writer);
  writer.member("createdTime", rfc3339(trigger.created))
      .member("lastModifiedTime", rfc3339(trigger.modified))
      .end();
}

}  // namespace convoke
