// The queue's server, before an engine starts: asked what it is, and told what must be the same for
// all engines. Blocking; each makes a connection of its own and ends it.
#pragma once

#include <optional>
#include <string>

#include "core/model/error.h"
#include "queue/redis/durability.h"
#include "queue/redis/server_facts.h"
#include "queue/redis/target.h"

namespace convoke {

// Then a server that cannot be reached is given up.
inline constexpr Seconds kServerPatience{10};
enum class Tries { kOne, kMany };  // kMany: until then; kOne: of a name's addresses, two

struct QueueServer {
  redis::ServerFacts facts;
  redis::ServerSettings settings;
};
// ServiceUnavailable: it cannot be reached, and why, without its password.
[[nodiscard]] Result<QueueServer> look_at_server(const redis::Target& target, Tries tries);

// Errors name the server, and say why no engine can work with it.
[[nodiscard]] Result<void> check_usable(const redis::Target& target);

// Notes the fingerprint of the token key there, if it is the first. InvalidArgument: engines there
// have another one; what to do is said.
[[nodiscard]] Result<void> claim_token_key(const redis::Target& target,
                                           const std::string& fingerprint);

}  // namespace convoke
