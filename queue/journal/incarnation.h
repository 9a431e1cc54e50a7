// The number of this life of the engine: durable before it is used, never given out twice.
#pragma once

#include <cstdint>

#include "core/edge/log_file.h"

namespace convoke::journal {

// Counts up the file "incarnation" in `dir`, from 1. Blocking; once per start. Fails when the file
// cannot be read as a number or cannot be replaced: then this engine must not start.
[[nodiscard]] Result<std::uint32_t> next_incarnation(LogDir& dir);

// Whether next_incarnation() could count on: the file is missing, or holds a number. Only reads.
[[nodiscard]] Result<void> check_incarnation(LogDir& dir);

}  // namespace convoke::journal
