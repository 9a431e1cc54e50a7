#include "core/registry/resolve.h"

#include <fmt/core.h>

namespace convoke {
namespace {

bool means_latest(std::string_view qualifier) { return qualifier.empty() || qualifier == "LATEST"; }

}  // namespace

Result<ServicePtr> resolve_service(const Directory& directory, std::string_view service,
                                   std::string_view qualifier) {
  ServicePtr found = directory.find_service(service);
  if (!found)
    return Error{ErrorCode::kServiceNotFound, fmt::format("service '{}' does not exist", service)};
  if (means_latest(qualifier)) return found;
  const bool version = qualifier.find_first_not_of("0123456789") == std::string_view::npos;
  return Error{version ? ErrorCode::kVersionNotFound : ErrorCode::kAliasNotFound,
               fmt::format("{} '{}' of service '{}' does not exist", version ? "version" : "alias",
                           qualifier, service)};
}

Result<FunctionPtr> resolve_function(const Directory& directory, std::string_view service,
                                     std::string_view qualifier, std::string_view function) {
  if (means_latest(qualifier)) {
    if (FunctionPtr found = directory.find_function(service, function)) return found;
  }
  Result<ServicePtr> found = resolve_service(directory, service, qualifier);
  if (!found) return found.error();
  return Error{ErrorCode::kFunctionNotFound,
               fmt::format("function '{}' does not exist in service '{}'", function, service)};
}

}  // namespace convoke
