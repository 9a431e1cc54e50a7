// Which call a command means: FUNCTION ID for one with a name, or the request id of any call alone.
#pragma once

#include <string>
#include <string_view>

#include "tools/function_name.h"
#include "tools/outcome.h"

namespace convoke::cli {

// What a call of that function is known by: .../stateful-async-invocations[/ID].
[[nodiscard]] std::string stateful_path(const FunctionName& function);
[[nodiscard]] Outcome<std::string> stateful_path(const FunctionName& function, std::string_view id);

// Any call, by its request id alone: /convoke/calls/ID.
[[nodiscard]] Outcome<std::string> request_path(std::string_view request_id);

// All that a call caused, and itself, by its request id: /convoke/trees/ID/stop.
[[nodiscard]] Outcome<std::string> tree_stop_path(std::string_view request_id);

}  // namespace convoke::cli
