// A function's `recursionConfig`,
//   {"limit": 1..128, "mode": "enforce" | "warn" | "allow",
//    "budget": {"invocations": 1..1e9, "attempts": 1..1e9, "seconds": 1..1e9}}
// a member of its definition that is kept as others are, so that it is stored, shared between
// engines and shown with them. What is not set takes its default. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/function.h"
#include "core/model/recursion_rule.h"

namespace convoke {

inline constexpr std::string_view kRecursionMember = "recursionConfig";

[[nodiscard]] std::string_view name_of(RecursionMode mode);
[[nodiscard]] std::optional<RecursionMode> recursion_mode(std::string_view name);

// As it is kept: {"limit":16,"mode":"enforce"}.
[[nodiscard]] std::string write_recursion(const RecursionRule& rule);
[[nodiscard]] RecursionRule read_recursion(std::string_view kept);

// Allocates nothing.
[[nodiscard]] RecursionRule recursion_rule_of(const Function& function);

}  // namespace convoke
