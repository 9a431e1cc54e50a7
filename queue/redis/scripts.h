// The scripts that the server runs for us, each a file beside this one that says what it does.
#pragma once

#include <array>

#include "queue/redis/script.h"

namespace convoke::redis {

struct Scripts {
  Script accept;
  Script join;
  Script claim;
  Script finish;
  Script retire;
  Script seek;
  Script stand;
  Script heartbeat;
  Script condemn;

  [[nodiscard]] std::array<const Script*, 9> all() const {
    return {&accept, &join, &claim, &finish, &retire, &seek, &stand, &heartbeat, &condemn};
  }
};

[[nodiscard]] const Scripts& scripts();

// A reply that says that another engine has taken our calls over.
[[nodiscard]] inline bool says_lease_lost(const Reply& reply) {
  return reply.is_error("LEASELOST");
}

}  // namespace convoke::redis
