#include "core/registry/stopping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace convoke {
namespace {

template <class Predicate>
const KillSwitch* first_over(const Directory& directory, std::string_view service,
                             std::string_view name, Predicate matches) {
  for (const KillSwitch* one : directory.switches_over(service, name)) {
    if (one != nullptr && one->disabled && matches(*one)) return one;
  }
  return nullptr;
}

}  // namespace

const KillSwitch* switched_off_by(const Directory& directory, std::string_view service,
                                  std::string_view name) {
  return first_over(directory, service, name, [](const KillSwitch&) { return true; });
}

const KillSwitch* refuses_async(const Directory& directory, const FunctionSpec& spec) {
  return first_over(directory, spec.service, spec.name,
                    [](const KillSwitch& one) { return one.refuses_async; });
}

std::string text_of(const KillSwitch& kill_switch) {
  const SwitchScope& scope = kill_switch.scope;
  std::string text = "everything is stopped by the kill switch";
  if (!scope.function.empty()) {
    text = fmt::format("'{}' is stopped by its kill switch", scope.text());
  } else if (!scope.service.empty()) {
    text = fmt::format("service '{}' is stopped by its kill switch", scope.service);
  }
  if (!kill_switch.reason.empty()) text += ": " + kill_switch.reason;
  if (!kill_switch.by.empty()) text += fmt::format(" (set by {})", kill_switch.by);
  return text;
}

bool ends_what_runs(const Directory& directory, const Function& function) {
  if (directory.limit_of(function.id) == 0U) return true;
  return first_over(directory, function.spec.service, function.spec.name,
                    [](const KillSwitch& one) { return one.aborts; }) != nullptr;
}

std::optional<std::uint32_t> let_out(const KillSwitch& kill_switch, std::uint32_t top,
                                     WallTime now) {
  if (kill_switch.disabled || !kill_switch.until || now >= *kill_switch.until) return std::nullopt;
  const auto whole = (*kill_switch.until - kill_switch.since) / Millis{1};
  const auto passed = std::max<std::int64_t>(0, (now - kill_switch.since) / Millis{1});
  const auto part = static_cast<std::int64_t>(top) * passed / std::max<std::int64_t>(1, whole);
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(part, 1, std::max(1U, top)));
}

}  // namespace convoke
