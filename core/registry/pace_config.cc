#include "core/registry/pace_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace convoke {
namespace {

constexpr std::array<std::string_view, 2> kModes = {"adapt", "off"};
constexpr std::string_view kMode = "{\"mode\":\"";
constexpr std::string_view kPercent = "\",\"retryPercent\":";

}  // namespace

std::optional<PaceMode> pace_mode(std::string_view name) {
  const auto found = std::find(kModes.begin(), kModes.end(), name);
  if (found == kModes.end()) return std::nullopt;
  return static_cast<PaceMode>(found - kModes.begin());
}

std::string write_pace(const PaceRule& rule) {
  return fmt::format("{}{}{}{}}}", kMode, kModes[static_cast<std::size_t>(rule.mode)], kPercent,
                     rule.retry_percent);
}

PaceRule read_pace(std::string_view kept) {
  if (!kept.starts_with(kMode)) return {};
  kept.remove_prefix(kMode.size());
  const std::size_t percent = kept.find(kPercent);
  if (percent == std::string_view::npos) return {};
  const auto mode = pace_mode(kept.substr(0, percent));
  if (!mode) return {};
  PaceRule rule;
  rule.mode = *mode;
  kept.remove_prefix(percent + kPercent.size());
  std::from_chars(kept.data(), kept.data() + kept.size(), rule.retry_percent);
  return rule;
}

PaceRule pace_rule_of(const Function& function) {
  const auto kept = function.extra.find(kPaceMember);
  return kept == function.extra.end() ? PaceRule{} : read_pace(kept->second);
}

}  // namespace convoke
