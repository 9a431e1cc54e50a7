#include "core/guard/limit_now.h"

#include <algorithm>

#include "core/guard/gate.h"
#include "core/registry/stopping.h"

namespace convoke {

std::uint32_t limit_now(const Directory& directory, const Function& function,
                        std::uint32_t account_max, WallTime now) {
  if (switched_off_by(directory, function.spec) != nullptr) return 0;
  std::uint32_t limit = directory.limit_of(function.id).value_or(kUnlimited);
  const std::uint32_t top = std::min(limit, account_max);
  if (top == 0) return 0;
  for (const KillSwitch* lifted :
       directory.switches_over(function.spec.service, function.spec.name)) {
    if (lifted == nullptr) continue;
    if (const auto part = let_out(*lifted, top, now)) limit = std::min(limit, *part);
  }
  return limit;
}

}  // namespace convoke
