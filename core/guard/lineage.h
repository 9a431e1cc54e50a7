// Whose child is a call that brought a token? Usually the token's call's. But clients are often
// built once and keep their first token for good, so the token's call may be long over:
//
//   at the token's place                                   the call is
//   ---------------------------------------------------------------------------------------
//   its call runs                                          a child of it
//   another call runs, which no other shares it with       a child of that one
//   another call runs, on an instance that takes several   a fresh root
//   nothing runs                                           a fresh root
//   this engine does not know the place (another engine's,
//   or gone): until the token's deadline                   a child of the token's call
//             after it                                     a fresh root
//
// A fresh root has depth and visits from the token, charges nobody's budget and joins nobody's
// tree. So an old token is never worth more than the call that it was given to, and depth is lost
// only where nobody could know it: a client that was built once and calls by way of an instance
// that takes several calls, or by another engine, brings the depth of its first call each time.
//
// Pure; any thread; allocates nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "core/guard/lineage_token.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"

namespace convoke {

// What runs now at a place that this engine knows.
struct PlaceNow {
  CallId call;        // nil: nothing
  Lineage lineage;    // of that call
  bool alone = true;  // its instance takes one call at a time
};

enum class Descent : std::uint8_t {
  kChild,           // of the token's call
  kChildOfRunning,  // of the call that runs at the token's place
  kFreshRoot,
};

// `place`: nullopt where this engine does not know it.
[[nodiscard]] Descent descent_of(const LineageToken& token, const std::optional<PlaceNow>& place,
                                 WallTime now) noexcept;

// The lineage of a call of `callee` that brought the token.
[[nodiscard]] Lineage called_with(const LineageToken& token, const std::optional<PlaceNow>& place,
                                  WallTime now, const CallId& id, FunctionId callee) noexcept;

}  // namespace convoke
