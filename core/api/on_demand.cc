#include "core/api/on_demand.h"

#include <fmt/core.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/api/fields.h"
#include "core/registry/resolve.h"

namespace convoke {

Result<Mutation> read_put_limit(const Route& route, http::Request request) {
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  std::optional<std::int64_t> count;
  FieldReader reader(*body);
  reader.integer("maximumInstanceCount", count);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  if (!count)
    return Error{ErrorCode::kInvalidArgument,
                 "maximumInstanceCount is missing: send a number of instances, 0 to stop the "
                 "function; DELETE lifts the limit"};
  return Mutation(PutLimit{route.service, route.qualifier, route.function, *count});
}

Mutation read_delete_limit(const Route& route) {
  return DeleteLimit{route.service, route.qualifier, route.function};
}

Result<LimitPtr> find_limit(const Directory& directory, const Route& route) {
  // Of the function, not of what the qualifier names: that need not exist.
  const Result<FunctionPtr> function =
      resolve_function(directory, route.service, {}, route.function);
  if (!function) return function.error();
  const std::string resource = limit_resource(route.service, route.qualifier, route.function);
  if (LimitPtr limit = directory.find_limit(resource)) return limit;
  return Error{ErrorCode::kOnDemandConfigNotFound,
               fmt::format("on-demand config for '{}' does not exist", resource)};
}

void write_limit(const OnDemandLimit& limit, JsonWriter& writer) {
  writer.object()
      .member("resource", limit.resource)
      .member("maximumInstanceCount", std::int64_t{limit.maximum_instance_count})
      .end();
}

}  // namespace convoke
