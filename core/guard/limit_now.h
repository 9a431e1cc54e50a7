// The most instances that a function may have now: its own limit, and what the kill switches that
// cover it leave of that. Pure.
#pragma once

#include <cstdint>

#include "core/model/instant.h"
#include "core/registry/directory.h"

namespace convoke {

// kUnlimited: as many as the account has. `account_max`: what a function without a limit is let out
// to, bit by bit, when its switch is lifted gradually.
[[nodiscard]] std::uint32_t limit_now(const Directory& directory, const Function& function,
                                      std::uint32_t account_max, WallTime now);

}  // namespace convoke
