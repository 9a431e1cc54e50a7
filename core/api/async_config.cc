#include "core/api/async_config.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/api/answers.h"
#include "core/api/fields.h"

namespace convoke {
namespace {

void read_destinations(FieldReader& body, AsyncConfigFields& fields) {
  body.object("destinationConfig", [&fields](FieldReader& config) {
    config.object("onSuccess", [&fields](FieldReader& on_success) {
      on_success.text("destination", fields.on_success);
    });
    config.object("onFailure", [&fields](FieldReader& on_failure) {
      on_failure.text("destination", fields.on_failure);
    });
  });
}

void write_number(std::string_view name, std::optional<std::int64_t> number, JsonWriter& writer) {
  writer.key(name);
  number ? writer.number(*number) : writer.null();
}

void write_destination(std::string_view name, const std::optional<Destination>& destination,
                       JsonWriter& writer) {
  writer.key(name);
  if (!destination) return static_cast<void>(writer.null());
  writer.object().member("destination", destination->text).end();
}

void write_destinations(const AsyncConfig& config, JsonWriter& writer) {
  writer.key("destinationConfig");
  if (!config.on_success && !config.on_failure) return static_cast<void>(writer.null());
  writer.object();
  write_destination("onSuccess", config.on_success, writer);
  write_destination("onFailure", config.on_failure, writer);
  writer.end();
}

}  // namespace

Result<Mutation> read_put_async_config(const Route& route, http::Request request) {
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  PutAsyncConfig put{route.service, route.qualifier, route.function, {}};
  FieldReader reader(*body);
  read_destinations(reader, put.fields);
  reader.integer("maxAsyncEventAgeInSeconds", put.fields.age_max_s);
  reader.integer("maxAsyncRetryAttempts", put.fields.retries_max);
  reader.boolean("statefulInvocation", put.fields.stateful);
  reader.boolean("allowLoop", put.fields.allow_loop);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  return Mutation(std::move(put));
}

Mutation read_delete_async_config(const Route& route) {
  return DeleteAsyncConfig{route.service, route.qualifier, route.function};
}

void write_async_config(const AsyncConfig& config, JsonWriter& writer) {
  writer.object()
      .member("service", config.service)
      .member("function", config.function)
      .member("qualifier", config.qualifier)
      .member("createdTime", rfc3339(config.created))
      .member("lastModifiedTime", rfc3339(config.modified));
  write_destinations(config, writer);
  write_number("maxAsyncEventAgeInSeconds",
               config.age_max ? std::optional(config.age_max->count()) : std::nullopt, writer);
  write_number("maxAsyncRetryAttempts", config.retries_max, writer);
  writer.key("statefulInvocation");
  config.stateful ? writer.boolean(*config.stateful) : writer.null();
  if (config.allow_loop) writer.key("allowLoop").boolean(true);
  writer.end();
}

http::Response list_async_configs_answer(const Page<AsyncConfigPtr>& page) {
  JsonWriter writer;
  writer.object().key("configs");
  if (page.items.empty()) {
    writer.null();
  } else {
    writer.array();
    for (const AsyncConfigPtr& config : page.items) write_async_config(*config, writer);
    writer.end();
  }
  writer.member("nextToken", page.next_token);
  return json_answer(writer.end().take());
}

}  // namespace convoke
