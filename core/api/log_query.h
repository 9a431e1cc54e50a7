// GET /convoke/logs/SERVICE/FUNCTION?lines=N&requestId=ID: which lines are asked for. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/model/error.h"
#include "core/model/ids.h"

namespace convoke {

inline constexpr std::size_t kLogLinesDefault = 100;
inline constexpr std::size_t kLogLinesMax = 10'000;

struct LogQuery {
  std::size_t lines_max = kLogLinesDefault;
  std::optional<CallId> call;  // only its lines
};

[[nodiscard]] Result<LogQuery> read_log_query(std::string_view query);

}  // namespace convoke
