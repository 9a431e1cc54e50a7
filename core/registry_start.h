// The registry of an engine that starts: its own, in the state directory, or the one that engines
// share on a server.
#pragma once

#include <memory>
#include <optional>

#include "core/config.h"
#include "core/registry/shared/shared_source.h"
#include "core/registry/source.h"
#include "core/state_directory.h"
#include "queue/redis/target.h"

namespace convoke {

struct OpenedRegistry {
  std::unique_ptr<RegistrySource> source;
  // The same, where it is shared: to be told which world it lives in. Else null.
  shared_registry::SharedSource* shared = nullptr;
};

// Blocking: reads all there is, and unpacks code that is not here yet. A server that says nothing
// new for kLoadPatience is given up: ServiceUnavailable names it, without its password.
inline constexpr Seconds kLoadPatience{10};
[[nodiscard]] Result<OpenedRegistry> open_registry(const EngineOptions& options,
                                                   const StateDirectory& state,
                                                   const std::optional<redis::Target>& target);

}  // namespace convoke
