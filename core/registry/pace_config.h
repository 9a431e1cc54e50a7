// A function's `paceConfig`, {"mode": "adapt" | "off", "retryPercent": 0..100}: a member of its
// definition, kept as `recursionConfig` is. What is not set takes its default. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/function.h"
#include "core/model/pace_rule.h"

namespace convoke {

inline constexpr std::string_view kPaceMember = "paceConfig";

[[nodiscard]] std::optional<PaceMode> pace_mode(std::string_view name);

// As it is kept: {"mode":"adapt","retryPercent":10}.
[[nodiscard]] std::string write_pace(const PaceRule& rule);
// What this did not write is the default.
[[nodiscard]] PaceRule read_pace(std::string_view kept);

// Allocates nothing.
[[nodiscard]] PaceRule pace_rule_of(const Function& function);

}  // namespace convoke
