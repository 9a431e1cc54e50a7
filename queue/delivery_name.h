// The name that the delivery of a call's outcome has in the queue: "@ID", with that call's id. One
// of the engine's own (queue.h, kInternalName). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/ids.h"
#include "queue/queue.h"

namespace convoke {

[[nodiscard]] inline std::string delivery_name(const CallId& call) {
  return kInternalName + call.text();
}

// nullopt: the name is no delivery's.
[[nodiscard]] inline std::optional<CallId> delivered_call(std::string_view name) {
  if (name.empty() || name.front() != kInternalName) return std::nullopt;
  return CallId::parse(name.substr(1));
}

}  // namespace convoke
