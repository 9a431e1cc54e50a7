#include "core/api/functions.h"

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "core/api/answers.h"
#include "core/api/fields.h"
#include "core/api/invocation_switch.h"
#include "core/api/pace_fields.h"
#include "core/api/recursion_fields.h"
#include "core/registry/pace_config.h"
#include "core/registry/recursion_config.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

void read_code(FieldReader& body, FunctionFields& fields) {
  body.object("code", [&fields](FieldReader& code) {
    std::optional<std::string> bucket;
    code.text("zipFile", fields.zip_base64);
    if (!fields.zip_base64) code.text("ossBucketName", bucket);
    if (bucket)
      code.fail({ErrorCode::kInvalidArgument,
                 "code.ossBucketName is not offered by this engine: send code.zipFile, the base64 "
                 "text of a zip archive"});
  });
}

Result<FunctionFields> read_fields(Json& body) {
  FunctionFields fields;
  FieldReader reader(body);
  reader.text("description", fields.description);
  reader.text("runtime", fields.runtime);
  reader.text("handler", fields.handler);
  reader.text("initializer", fields.initializer);
  reader.integer("initializationTimeout", fields.initialization_timeout_s);
  reader.integer("timeout", fields.timeout_s);
  reader.integer("memorySize", fields.memory_mb);
  reader.integer("instanceConcurrency", fields.instance_concurrency);
  reader.integer("caPort", fields.ca_port);
  reader.texts("environmentVariables", fields.environment);
  reader.kept_text("instanceType", fields.extra);
  reader.kept_array("layers", fields.extra);
  reader.kept_object("customContainerConfig", fields.extra);
  read_recursion_config(reader, fields.extra);
  read_pace_config(reader, fields.extra);
  read_code(reader, fields);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  return fields;
}

}  // namespace

Result<Mutation> read_create_function(const Route& route, http::Request request) {
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  std::optional<std::string> name;
  FieldReader reader(*body);
  reader.text("functionName", name);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  Result<FunctionFields> fields = read_fields(*body);
  if (!fields) return fields.error();
  return Mutation(CreateFunction{route.service, name.value_or(""), *std::move(fields)});
}

Result<Mutation> read_update_function(const Route& route, http::Request request) {
  IfMatch if_match = if_match_of(request);
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  Result<FunctionFields> fields = read_fields(*body);
  if (!fields) return fields.error();
  return Mutation(
      UpdateFunction{route.service, route.function, *std::move(fields), std::move(if_match)});
}

Mutation read_delete_function(const Route& route, const http::Request& request) {
  return DeleteFunction{route.service, route.function, if_match_of(request)};
}

void write_environment(const FunctionSpec& spec, JsonWriter& writer) {
  writer.key("environmentVariables").object();
  for (const auto& [name, value] : spec.environment) writer.member(name, value);
  writer.end();
}

void write_function(const Function& function, const KillSwitch* restriction, JsonWriter& writer) {
  const FunctionSpec& spec = function.spec;
  const auto kept = [&](const char* member, std::string_view otherwise) {
    const auto at = function.extra.find(member);
    writer.key(member).json(at == function.extra.end() ? otherwise : at->second);
  };
  writer.object()
      .member("functionName", spec.name)
      .member("functionId", std::to_string(function.id.value))
      .member("description", spec.description)
      .member("runtime", spec.runtime_name)
      .member("handler", spec.handler)
      .member("initializer", spec.initializer)
      .member("initializationTimeout", spec.initialization_timeout.count())
      .member("timeout", spec.timeout.count())
      .member("memorySize", std::int64_t{spec.memory_mb})
      .member("instanceConcurrency", std::int64_t{spec.instance_concurrency})
      .member("caPort", std::int64_t{spec.ca_port});
  write_environment(spec, writer);
  kept("instanceType", R"("e1")");
  kept("layers", "null");
  kept("customContainerConfig", "null");
  kept("recursionConfig", write_recursion({}));
  kept("paceConfig", write_pace({}));
  writer.member("codeSize", static_cast<std::int64_t>(function.code.size))
      .member("codeChecksum", function.code.checksum)
      .member("createdTime", rfc3339(function.created))
      .member("lastModifiedTime", rfc3339(function.modified));
  write_restriction(restriction, writer);
  writer.end();
}

std::string code_path(const Function& function) {
  return fmt::format("/convoke/code/{}/{}", function.spec.service, function.spec.name);
}

std::string code_location(const Function& function, std::string_view url) {
  JsonWriter writer;
  writer.object().member("url", url).member("checksum", function.code.checksum);
  return writer.end().take();
}

}  // namespace convoke
