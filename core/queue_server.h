// The queue's server, or its cluster, before an engine starts: asked what it is, and told what must
// be the same for all engines. Blocking; each makes connections of its own and ends them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/error.h"
#include "queue/redis/durability.h"
#include "queue/redis/server_facts.h"
#include "queue/redis/target.h"

namespace convoke {

// Then a server that cannot be reached is given up.
inline constexpr Seconds kServerPatience{10};
enum class Tries { kOne, kMany };  // kMany: until then; kOne: of a name's addresses, two

struct QueueServer {
  redis::Target target;
  redis::ServerFacts facts;
  redis::ServerSettings settings;
};
// One; or, if it is a node of a cluster, each master that has slots there. ServiceUnavailable: one
// cannot be reached, and why, without its password; or the cluster is not whole.
[[nodiscard]] Result<std::vector<QueueServer>> look_at_servers(const redis::Target& target,
                                                               Tries tries);

// The target, and whether it is a cluster. Errors name the server, and say why no engine can work
// with it so.
[[nodiscard]] Result<redis::Target> find_usable(const redis::Target& target,
                                                redis::Durability durability);

// Notes the fingerprint of the token key there, if it is the first. InvalidArgument: engines there
// have another one; what to do is said.
[[nodiscard]] Result<void> claim_token_key(const redis::Target& target,
                                           const std::string& fingerprint);

}  // namespace convoke
