#include "core/api/without_services.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "core/api/answers.h"
#include "core/api/fields.h"
#include "core/api/functions.h"
#include "core/api/invocation_switch.h"
#include "core/registry/resolve.h"

namespace convoke {
namespace {

// As "acs:fc:::services/S/functions/F" of 2016-08-15: an engine has neither region nor account.
std::string arn_of(const Function& function) { return "acs:fc:::functions/" + function.spec.name; }

}  // namespace

Result<FunctionPtr> function_without_service(const Directory& directory, const Route& route,
                                             const http::Request& request) {
  const Result<Query> query = parse_query(request.head.query());
  if (!query) return query.error();
  const FunctionPtr found = directory.find_function(route.service, route.function);
  if (!found)
    return Error{ErrorCode::kFunctionNotFound,
                 fmt::format("function '{}' does not exist.", route.function)};
  return resolve_function(directory, route.service, get(*query, "qualifier"), route.function);
}

Result<Mutation> read_put_concurrency(const Directory& directory, const Route& route,
                                      http::Request request) {
  const Result<FunctionPtr> function = function_without_service(directory, route, request);
  if (!function) return function.error();
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  std::optional<std::int64_t> calls;
  FieldReader reader(*body);
  reader.integer("reservedConcurrency", calls);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  if (!calls)
    return Error{ErrorCode::kInvalidArgument,
                 "reservedConcurrency is missing: send a number of calls in progress, 0 to stop "
                 "the function; DELETE lifts it"};
  const std::int64_t each = (*function)->spec.instance_concurrency;
  if (*calls % each != 0)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("reservedConcurrency must be a multiple of the function's "
                             "instanceConcurrency, {} (actual: {})",
                             each, *calls)};
  return Mutation(PutLimit{route.service, {}, route.function, *calls / each});
}

void write_function_without_service(const Directory& directory, const Function& function,
                                    JsonWriter& writer) {
  const FunctionSpec& spec = function.spec;
  writer.object()
      .member("functionName", spec.name)
      .member("functionId", std::to_string(function.id.value))
      .member("functionArn", arn_of(function))
      .member("description", spec.description)
      .member("runtime", spec.runtime_name)
      .member("handler", spec.handler)
      .member("timeout", spec.timeout.count())
      .member("memorySize", std::int64_t{spec.memory_mb})
      .member("instanceConcurrency", std::int64_t{spec.instance_concurrency});
  write_environment(spec, writer);
  writer.member("codeSize", static_cast<std::int64_t>(function.code.size))
      .member("codeChecksum", function.code.checksum)
      .member("state", "Active")
      .member("lastUpdateStatus", "Successful")
      .member("createdTime", rfc3339(function.created))
      .member("lastModifiedTime", rfc3339(function.modified));
  write_restriction(restriction_over(directory, spec), writer);
  writer.end();
}

http::Response concurrency_answer(const Directory& directory, const OnDemandLimit& limit) {
  const FunctionPtr function = directory.find_function(limit.function_id);
  const std::int64_t each = function ? function->spec.instance_concurrency : 1;
  JsonWriter writer;
  writer.object().member("functionArn", "acs:fc:::functions/" + limit.function);
  writer.member("reservedConcurrency", each * limit.maximum_instance_count);
  return json_answer(writer.end().take());
}

}  // namespace convoke
