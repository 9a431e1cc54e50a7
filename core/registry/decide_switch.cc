#include "core/registry/decide_switch.h"

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <utility>

#include "core/registry/decision.h"
#include "core/registry/resolve.h"

namespace convoke {
namespace {

using decision::check_text;

// The function's id; none, where the scope is wider.
Result<FunctionId> resolve_scope(const Directory& committed, const SwitchScope& scope) {
  if (!scope.function.empty()) {
    const Result<FunctionPtr> found =
        resolve_function(committed, scope.service, {}, scope.function);
    if (!found) return found.error();
    return (*found)->id;
  }
  if (scope.service.empty()) return FunctionId{};
  const Result<ServicePtr> found = resolve_service(committed, scope.service, {});
  if (!found) return found.error();
  return FunctionId{};
}

Result<void> check_span(std::string_view member, std::optional<std::int64_t> seconds, Seconds max) {
  if (!seconds || (*seconds >= 1 && *seconds <= max.count())) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} is set to an invalid value (allowed: 1 to {} seconds, actual: {})",
                           member, max.count(), *seconds)};
}

Result<void> check(const DisableInvoke& disable) {
  if (Result<void> right = check_text("reason", disable.reason.size(), kSwitchReasonBytesMax);
      !right)
    return right;
  if (Result<void> right = check_text("by", disable.by.size(), kSwitchByBytesMax); !right)
    return right;
  return check_span("expiresInSeconds", disable.lasts_s, kSwitchLastsMax);
}

Result<void> check(const EnableInvoke& enable) {
  if (Result<void> right = check_text("by", enable.by.size(), kSwitchByBytesMax); !right)
    return right;
  return check_span("rampSeconds", enable.ramp_s, kRampMax);
}

Change put(KillSwitch kill_switch, const Stamp& stamp) {
  kill_switch.version = stamp.version;
  kill_switch.since = stamp.now;
  return {stamp.version, SwitchPut{std::make_shared<const KillSwitch>(std::move(kill_switch))}};
}

}  // namespace

Result<Change> decide_switch(const Directory& committed, const DisableInvoke& disable,
                             const Stamp& stamp) {
  if (Result<void> right = check(disable); !right) return right.error();
  const Result<FunctionId> function = resolve_scope(committed, disable.scope);
  if (!function) return function.error();
  KillSwitch next;
  next.scope = disable.scope;
  next.function_id = *function;
  next.aborts = disable.aborts;
  next.refuses_async = disable.refuses_async;
  next.reason = disable.reason;
  next.by = disable.by;
  if (disable.lasts_s) next.until = stamp.now + Seconds{*disable.lasts_s};
  return put(std::move(next), stamp);
}

Result<Change> decide_switch(const Directory& committed, const EnableInvoke& enable,
                             const Stamp& stamp) {
  if (Result<void> right = check(enable); !right) return right.error();
  const Result<FunctionId> function = resolve_scope(committed, enable.scope);
  if (!function) return function.error();
  const SwitchPtr before = committed.find_switch(enable.scope);
  if (!enable.ramp_s || !before || !before->disabled) {
    return Change{stamp.version, SwitchGone{enable.scope, *function}};
  }
  KillSwitch next;
  next.scope = enable.scope;
  next.function_id = *function;
  next.disabled = false;
  next.by = enable.by;
  next.until = stamp.now + Seconds{*enable.ramp_s};
  return put(std::move(next), stamp);
}

Result<Change> decide_switch(const Directory& committed, const EndSwitch& end, const Stamp& stamp) {
  const SwitchPtr before = committed.find_switch(end.scope);
  if (before && before->version == end.version) {
    return Change{stamp.version, SwitchGone{end.scope, before->function_id}};
  }
  return Error{ErrorCode::kPreconditionFailed, "the kill switch has been changed meanwhile"};
}

}  // namespace convoke
