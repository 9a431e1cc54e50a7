// What SERVICE[.QUALIFIER] and FUNCTION mean now, or the 404 that says why nothing. Pure.
//
// A qualifier is none or LATEST; others name versions and aliases, of which there are none.
#pragma once

#include <string_view>

#include "core/model/error.h"
#include "core/model/function.h"
#include "core/registry/definitions.h"
#include "core/registry/directory.h"

namespace convoke {

// ServiceNotFound, VersionNotFound (a number), AliasNotFound (anything else), FunctionNotFound.
[[nodiscard]] Result<ServicePtr> resolve_service(const Directory& directory,
                                                 std::string_view service,
                                                 std::string_view qualifier);
[[nodiscard]] Result<FunctionPtr> resolve_function(const Directory& directory,
                                                   std::string_view service,
                                                   std::string_view qualifier,
                                                   std::string_view function);
// AsyncConfigNotExists, or the 404 of what it would belong to. The qualifier is a text: what it
// names need not exist.
[[nodiscard]] Result<AsyncConfigPtr> resolve_async_config(const Directory& directory,
                                                          std::string_view service,
                                                          std::string_view qualifier,
                                                          std::string_view function);

// TriggerNotFound, or the 404 of what it would belong to.
[[nodiscard]] Result<TriggerPtr> resolve_trigger(const Directory& directory,
                                                 std::string_view service,
                                                 std::string_view function, std::string_view name);

[[nodiscard]] Result<DomainPtr> resolve_domain(const Directory& directory, std::string_view name);

}  // namespace convoke
