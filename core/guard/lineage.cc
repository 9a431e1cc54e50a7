#include "core/guard/lineage.h"

namespace convoke {

Descent descent_of(const LineageToken& token, const std::optional<PlaceNow>& place,
                   WallTime now) noexcept {
  const bool had_call = token.call != CallId{};
  if (!place) return had_call && now < token.deadline ? Descent::kChild : Descent::kFreshRoot;
  if (place->call == CallId{}) return Descent::kFreshRoot;
  if (place->call == token.call) return Descent::kChild;
  return place->alone ? Descent::kChildOfRunning : Descent::kFreshRoot;
}

Lineage called_with(const LineageToken& token, const std::optional<PlaceNow>& place, WallTime now,
                    const CallId& id, FunctionId callee) noexcept {
  switch (descent_of(token, place, now)) {
    case Descent::kChild:
      // Where it is known here, its trace is too.
      return child_lineage(place ? place->lineage : token.lineage, token.call, callee);
    case Descent::kChildOfRunning:
      return child_lineage(place->lineage, place->call, callee);
    case Descent::kFreshRoot:
      break;
  }
  return fresh_root_lineage(token.lineage, id, callee);
}

}  // namespace convoke
