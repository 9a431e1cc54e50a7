// Definitions as rows in Redis: JSON that an operator can read, and back. Pure.
//
// What is written here is read back equal. A member that a row lacks, or that has another type, is
// an error: rows are ours, and a program that is older than a row must not guess.
#pragma once

#include <string>
#include <string_view>

#include "core/model/error.h"
#include "core/model/function.h"
#include "core/registry/custom_domain.h"
#include "core/registry/definitions.h"
#include "core/registry/kill_switch.h"
#include "core/registry/stopped_tree.h"
#include "core/registry/trigger.h"

namespace convoke::shared_registry {

[[nodiscard]] std::string row_of(const Service& service);
// Code is named by the last part of where it is unpacked, which differs between engines.
[[nodiscard]] std::string row_of(const Function& function);
[[nodiscard]] std::string row_of(const OnDemandLimit& limit);
[[nodiscard]] std::string row_of(const AsyncConfig& config);
[[nodiscard]] std::string row_of(const Trigger& trigger);
[[nodiscard]] std::string row_of(const KillSwitch& kill_switch);
[[nodiscard]] std::string row_of(const StoppedTree& tree);
[[nodiscard]] std::string row_of(const CustomDomain& domain);

// InternalServerError says what is wrong with the row.
[[nodiscard]] Result<Service> service_from(std::string_view row);
// `code_directory`: below which this engine unpacks code.
[[nodiscard]] Result<Function> function_from(std::string_view row,
                                             const std::string& code_directory);
[[nodiscard]] Result<OnDemandLimit> limit_from(std::string_view row);
[[nodiscard]] Result<AsyncConfig> async_config_from(std::string_view row);
[[nodiscard]] Result<Trigger> trigger_from(std::string_view row);  // trigger_json.cc, as its row_of
[[nodiscard]] Result<KillSwitch> switch_from(std::string_view row);
[[nodiscard]] Result<StoppedTree> stopped_tree_from(std::string_view row);
[[nodiscard]] Result<CustomDomain> domain_from(std::string_view row);  // domain_json.cc, alike

// What code is called in Redis, and below any code directory; "": none.
[[nodiscard]] std::string_view code_name(const CodePackage& code);

}  // namespace convoke::shared_registry
