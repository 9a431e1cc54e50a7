// What stops a function now: its limit, and the switches that cover it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/function.h"
#include "core/registry/directory.h"

namespace convoke {

// The narrowest switch that is on; nullptr: none is.
[[nodiscard]] const KillSwitch* switched_off_by(const Directory& directory,
                                                std::string_view service, std::string_view name);
[[nodiscard]] inline const KillSwitch* switched_off_by(const Directory& directory,
                                                       const FunctionSpec& spec) {
  return switched_off_by(directory, spec.service, spec.name);
}
// The narrowest switch under which asynchronous calls are refused; nullptr: they are accepted.
[[nodiscard]] const KillSwitch* refuses_async(const Directory& directory, const FunctionSpec& spec);

// What is stopped, why and by whom: the beginning of a sentence for a caller.
[[nodiscard]] std::string text_of(const KillSwitch& kill_switch);

// Of a function that is stopped: whether what runs is to be ended. Its limit of 0 ends it, too.
[[nodiscard]] bool ends_what_runs(const Directory& directory, const Function& function);

// How much of `top` instances a switch that was lifted gradually allows: one at first, all at its
// end. nullopt: as many as there may be.
[[nodiscard]] std::optional<std::uint32_t> let_out(const KillSwitch& kill_switch, std::uint32_t top,
                                                   WallTime now);

}  // namespace convoke
