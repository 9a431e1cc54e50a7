#include "core/registry/recursion_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace convoke {
namespace {

constexpr std::array<std::string_view, 3> kModes = {"enforce", "warn", "allow"};
constexpr std::string_view kLimit = "{\"limit\":";
constexpr std::string_view kMode = ",\"mode\":\"";
constexpr std::string_view kBudget = ",\"budget\":{\"invocations\":";
constexpr std::string_view kAttempts = ",\"attempts\":";
constexpr std::string_view kSeconds = ",\"seconds\":";

// The number behind `name`, which stands at or behind the beginning of `text`; what is left of the
// text begins behind it.
template <class Number>
void read_number(std::string_view& text, std::string_view name, Number& number) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return;
  text.remove_prefix(at + name.size());
  std::from_chars(text.data(), text.data() + text.size(), number);
}

}  // namespace

std::string_view name_of(RecursionMode mode) { return kModes[static_cast<std::size_t>(mode)]; }

std::optional<RecursionMode> recursion_mode(std::string_view name) {
  const auto found = std::find(kModes.begin(), kModes.end(), name);
  if (found == kModes.end()) return std::nullopt;
  return static_cast<RecursionMode>(found - kModes.begin());
}

std::string write_recursion(const RecursionRule& rule) {
  return fmt::format("{}{}{}{}\"{}{}{}{}{}{}}}}}", kLimit, rule.limit, kMode, name_of(rule.mode),
                     kBudget, rule.budget.invocations, kAttempts, rule.budget.attempts, kSeconds,
                     rule.budget.seconds);
}

RecursionRule read_recursion(std::string_view kept) {
  RecursionRule rule;
  if (!kept.starts_with(kLimit)) return rule;
  read_number(kept, kLimit, rule.limit);
  const std::size_t mode = kept.find(kMode);
  if (mode == std::string_view::npos) return rule;
  kept.remove_prefix(mode + kMode.size());
  rule.mode = recursion_mode(kept.substr(0, kept.find('"'))).value_or(rule.mode);
  read_number(kept, kBudget, rule.budget.invocations);
  read_number(kept, kAttempts, rule.budget.attempts);
  read_number(kept, kSeconds, rule.budget.seconds);
  return rule;
}

RecursionRule recursion_rule_of(const Function& function) {
  const auto kept = function.extra.find(kRecursionMember);
  return kept == function.extra.end() ? RecursionRule{} : read_recursion(kept->second);
}

}  // namespace convoke
