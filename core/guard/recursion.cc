#include "core/guard/recursion.h"

#include <fmt/format.h>

#include <algorithm>

namespace convoke {
namespace {

bool too_deep(const Lineage& lineage) { return lineage.depth >= kChainMax; }

bool too_often(const Lineage& lineage, const RecursionRule& rule) {
  return visits_of(lineage, last_hop(lineage)) > rule.limit;
}

std::string known_as(FunctionTag function, const NameOfTag& name_of) {
  std::string name = name_of(function);
  return name.empty() ? fmt::format("function {}", function.value) : name;
}

std::string hop_text(const Lineage& lineage, std::uint8_t hop, const NameOfTag& name_of) {
  if (hop >= Lineage::kFunctionsMax) return "?";
  return known_as(lineage.visits[hop].function, name_of);
}

// Most visited first.
std::string visits_text(const Lineage& lineage, const NameOfTag& name_of) {
  auto visits = lineage.visits;
  std::stable_sort(visits.begin(), visits.end(),
                   [](const auto& a, const auto& b) { return a.times > b.times; });
  std::string text;
  for (const auto& [function, times] : visits) {
    if (times == 0) break;
    text += fmt::format("{}{} x {}", text.empty() ? "" : ", ", known_as(function, name_of), times);
  }
  return text;
}

}  // namespace

RecursionVerdict judge_recursion(const Lineage& lineage, const RecursionRule& rule) noexcept {
  if (rule.mode == RecursionMode::kAllow) return RecursionVerdict::kFine;
  if (!too_deep(lineage) && !too_often(lineage, rule)) return RecursionVerdict::kFine;
  return rule.mode == RecursionMode::kWarn ? RecursionVerdict::kWarned : RecursionVerdict::kRefused;
}

std::string hops_text(const Lineage& lineage, const NameOfTag& name_of) {
  std::string text;
  std::size_t known = 0;
  for (const std::uint8_t hop : lineage.hops) {
    if (hop == Lineage::kNoHop) continue;
    text += (known++ == 0 ? "" : " -> ") + hop_text(lineage, hop, name_of);
  }
  return std::size_t{lineage.depth} + 1 > known ? "... -> " + text : text;
}

Error recursion_error(const Lineage& lineage, const RecursionRule& rule, const NameOfTag& name_of) {
  const std::string callee = known_as(last_hop(lineage), name_of);
  const std::string why =
      too_often(lineage, rule)
          ? fmt::format("this would be visit {} of {} in one lineage, which may visit it {} times",
                        visits_of(lineage, last_hop(lineage)), callee, rule.limit)
          : fmt::format("this would be call {} of one chain, which may have {}", lineage.depth + 1,
                        kChainMax);
  return {ErrorCode::kRecursiveInvocation,
          fmt::format("{}: {} (visits: {}; depth {}; root {}). Where this is meant, say so in the "
                      "recursionConfig of {}",
                      why, hops_text(lineage, name_of), visits_text(lineage, name_of),
                      lineage.depth, lineage.root.text(), callee)};
}

}  // namespace convoke
