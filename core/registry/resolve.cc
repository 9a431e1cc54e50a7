#include "core/registry/resolve.h"

#include <fmt/core.h>

#include "core/registry/shown.h"

namespace convoke {
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

Result<AsyncConfigPtr> resolve_async_config(const Directory& directory, std::string_view service,
                                            std::string_view qualifier, std::string_view function) {
  const Result<FunctionPtr> found = resolve_function(directory, service, {}, function);
  if (!found) return found.error();
  if (AsyncConfigPtr config = directory.async_config_of((*found)->id, qualifier)) return config;
  return Error{ErrorCode::kAsyncConfigNotExists,
               fmt::format("AsyncConfig for {}:{} does not exist.", service, function)};
}

Result<TriggerPtr> resolve_trigger(const Directory& directory, std::string_view service,
                                   std::string_view function, std::string_view name) {
  const Result<FunctionPtr> found = resolve_function(directory, service, {}, function);
  if (!found) return found.error();
  if (TriggerPtr trigger = directory.find_trigger((*found)->id, name)) return trigger;
  return Error{ErrorCode::kTriggerNotFound,
               fmt::format("trigger '{}' does not exist in function '{}'", name, function)};
}

Result<DomainPtr> resolve_domain(const Directory& directory, std::string_view name) {
  if (DomainPtr domain = directory.find_domain(name)) return domain;
  return Error{ErrorCode::kDomainNameNotFound,
               fmt::format("domain name '{}' does not exist", shown(name))};
}

}  // namespace convoke
