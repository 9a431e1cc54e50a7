// The scripts that the server runs for us, each a file beside this one that says what it does.
#pragma once

#include <array>

#include "queue/redis/keys.h"
#include "queue/redis/script.h"

namespace convoke::redis {

struct Scripts {
  Script accept;
  Script join;
  Script claim;
  Script claimed;
  Script finish;
  Script retire;
  Script seek;
  Script stand;
  Script put_piece;
  Script enter;
  Script enlist;
  Script heartbeat;
  Script condemn;
  // With the history's keys too.
  Script conclude;
  Script note;
  Script collect;
  Script purge;
  Script take;

  [[nodiscard]] std::array<const Script*, 18> all() const {
    return {&accept,  &join,     &claim,     &claimed, &finish, &retire,
            &seek,    &stand,    &put_piece, &enter,   &enlist, &heartbeat,
            &condemn, &conclude, &note,      &collect, &purge,  &take};
  }
};

[[nodiscard]] const Scripts& scripts();

// A call of `enlist`.
[[nodiscard]] Command enlisting(const std::string& set, FunctionId function);

// A call of it with the function's keys: append the arguments.
//
// The last key is never there. While a cluster moves a slot key by key, a script of which some keys
// are at either end is not begun (TRYAGAIN); one whose keys are all at the old end is, and breaks
// off half way when it takes the last element out of one and then looks at it again. With a key
// that is nowhere, none is begun there before the slot has moved.
[[nodiscard]] Command call_of(const Script& script, const FunctionKeys& keys);
[[nodiscard]] Command call_with_history(const Script& script, const FunctionKeys& keys);

// A reply that says that another engine has taken our calls over.
[[nodiscard]] inline bool says_lease_lost(const Reply& reply) {
  return reply.is_error("LEASELOST");
}

}  // namespace convoke::redis
