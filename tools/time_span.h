// Spans of time as people type them: 90s, 5m, 24h, 7d, 1.5h, or a bare number of seconds.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "tools/outcome.h"

namespace convoke::cli {

// Not negative, to the millisecond. Failure: anything else, or more than a hundred years.
[[nodiscard]] Outcome<std::chrono::milliseconds> parse_time_span(std::string_view text);

// The same the other way, in the largest units: "1d 2h", "5m", "1s 500ms".
[[nodiscard]] std::string time_span_text(std::chrono::milliseconds span);

}  // namespace convoke::cli
