#include "core/api/services.h"

#include <optional>
#include <string>
#include <utility>

#include "core/api/answers.h"
#include "core/api/fields.h"

namespace convoke {
namespace {

// logConfig and tracingConfig always come back whole.
struct LogConfig {
  std::optional<std::string> project;
  std::optional<std::string> logstore;
  std::optional<bool> request_metrics;
  std::optional<bool> instance_metrics;
  std::optional<std::string> log_begin_rule;
};

std::string canonical(const LogConfig& config) {
  JsonWriter writer;
  writer.object()
      .member("project", config.project.value_or(""))
      .member("logstore", config.logstore.value_or(""));
  writer.key("enableRequestMetrics").boolean(config.request_metrics.value_or(false));
  writer.key("enableInstanceMetrics").boolean(config.instance_metrics.value_or(false));
  writer.member("logBeginRule", config.log_begin_rule.value_or("None"));
  return writer.end().take();
}

std::string canonical_tracing(const std::optional<std::string>& type, const Json* params) {
  JsonWriter writer;
  writer.object().key("type");
  type ? writer.text(*type) : writer.null();
  writer.key("params");
  params != nullptr ? writer.json(params->canonical_text()) : writer.null();
  return writer.end().take();
}

void read_log_config(Json& body, FieldReader& reader, JsonMembers& extra) {
  JsonMembers present;
  reader.kept_object("logConfig", present);
  if (present.empty()) return;
  LogConfig config;
  FieldReader inner(*body.find("logConfig"), "logConfig.");
  inner.text("project", config.project);
  inner.text("logstore", config.logstore);
  inner.boolean("enableRequestMetrics", config.request_metrics);
  inner.boolean("enableInstanceMetrics", config.instance_metrics);
  inner.text("logBeginRule", config.log_begin_rule);
  if (Result<void> read = inner.outcome(); !read) return reader.fail(read.error());
  extra["logConfig"] = canonical(config);
}

void read_tracing_config(Json& body, FieldReader& reader, JsonMembers& extra) {
  JsonMembers present;
  reader.kept_object("tracingConfig", present);
  if (present.empty()) return;
  std::optional<std::string> type;
  Json& config = *body.find("tracingConfig");
  FieldReader inner(config, "tracingConfig.");
  inner.text("type", type);
  if (Result<void> read = inner.outcome(); !read) return reader.fail(read.error());
  extra["tracingConfig"] = canonical_tracing(type, std::as_const(config).find("params"));
}

void read_fields(Json& body, FieldReader& reader, ServiceFields& fields) {
  reader.text("description", fields.description);
  reader.text("role", fields.role);
  reader.boolean("internetAccess", fields.internet_access);
  reader.kept_object("vpcConfig", fields.extra);
  reader.kept_object("nasConfig", fields.extra);
  read_log_config(body, reader, fields.extra);
  read_tracing_config(body, reader, fields.extra);
}

}  // namespace

Result<Mutation> read_create_service(http::Request request) {
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  CreateService create;
  std::optional<std::string> name;
  FieldReader reader(*body);
  reader.text("serviceName", name);
  read_fields(*body, reader, create.fields);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  create.name = name.value_or("");
  return Mutation(std::move(create));
}

Result<Mutation> read_update_service(const Route& route, http::Request request) {
  UpdateService update;
  update.name = route.service;
  update.if_match = if_match_of(request);
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  FieldReader reader(*body);
  read_fields(*body, reader, update.fields);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  return Mutation(std::move(update));
}

Mutation read_delete_service(const Route& route, const http::Request& request) {
  return DeleteService{route.service, if_match_of(request)};
}

void write_service(const Service& service, JsonWriter& writer) {
  const auto kept = [&](const char* member, const std::string& otherwise) {
    const auto at = service.extra.find(member);
    writer.key(member).json(at == service.extra.end() ? otherwise : at->second);
  };
  writer.object()
      .member("serviceName", service.name)
      .member("serviceId", std::to_string(service.id))
      .member("description", service.description)
      .member("role", service.role);
  kept("logConfig", canonical(LogConfig{}));
  kept("vpcConfig", "null");
  kept("nasConfig", "null");
  writer.key("internetAccess").boolean(service.internet_access);
  kept("tracingConfig", canonical_tracing(std::nullopt, nullptr));
  writer.member("createdTime", rfc3339(service.created))
      .member("lastModifiedTime", rfc3339(service.modified))
      .end();
}

}  // namespace convoke
