// The text of X-Fc-Log-Result, before base64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/instant.h"

namespace convoke {

// Lines (each ended by "\n") with CRLF, a blank line, and Function Compute's summary:
// "Duration: 17.45 ms, Billed Duration: 18 ms, Memory Size: 128 MB, Max Memory Used: 30.99 MB".
[[nodiscard]] std::string format_log_tail(std::string_view lines, Duration duration,
                                          std::uint32_t memory_size_mb, double memory_used_mb);

}  // namespace convoke
