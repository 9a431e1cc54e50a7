// Whether an engine's requests are authenticated, and what that needs at its start. Blocking.
#pragma once

#include <string>

#include "core/access_keys_desk.h"
#include "core/config.h"
#include "core/model/error.h"
#include "core/state_directory.h"

namespace convoke {

// Off without a file of access keys.
struct Authentication {
  AccessKeysDesk keys;
  std::string token_key;  // of functions' credentials and of lineages; there is always one
};

// InvalidArgument: beyond loopback, and no access keys.
[[nodiscard]] Result<void> may_listen(const EngineOptions& options);

// Makes the token key, if there is none yet. Errors name the file, what is wrong with it, and what
// to do.
[[nodiscard]] Result<Authentication> open_authentication(const EngineOptions& options,
                                                         const StatePlaces& state);
// Whether that could be done: changes nothing.
[[nodiscard]] Result<void> check_authentication(const EngineOptions& options,
                                                const StatePlaces& state);

}  // namespace convoke
