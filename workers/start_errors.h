// Why an instance did not start, and how a call ended without an answer of its own, in Function
// Compute's words. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/edge/spawner.h"
#include "core/model/error.h"
#include "core/model/instant.h"

namespace convoke {

// "... Logs : LOG": the end of what the instance wrote, as printable UTF-8.
[[nodiscard]] Error function_not_started(Duration after, std::string_view reason,
                                         std::string_view log);
[[nodiscard]] Error ca_exited(const ExitStatus& status, Duration after, std::string_view log);

// The bootstrap of a custom runtime could not be run.
[[nodiscard]] Error bootstrap_not_spawned(const SpawnFailure& failure);
// A program of the engine's own choosing (python3) could not be run.
[[nodiscard]] Error program_not_spawned(std::string_view program, const SpawnFailure& failure);

// Bodies of function errors.
[[nodiscard]] std::string function_error_body(std::string_view message, std::string_view type);
[[nodiscard]] std::string process_exited_body(Duration after, double memory_peak_mb);

}  // namespace convoke
