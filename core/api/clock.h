// GET /convoke/clock, POST /convoke/clock/advance: what they take and answer. Ours. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/instant.h"

namespace convoke {

inline constexpr Seconds kAdvanceMax{std::chrono::hours{24 * 31}};
inline constexpr Seconds kPatienceDefault{1};
inline constexpr Seconds kPatienceMax{60};

struct AdvanceOrder {
  Millis by{};
  // Real time for each call inside an instance to come out, before time goes on without it.
  Millis patience = kPatienceDefault;
};

// `{"seconds": 86400, "patienceSeconds": 1}`; both may have fractions, which count to the
// millisecond. InvalidArgument: no JSON, "seconds" missing, negative, or beyond the maximum.
[[nodiscard]] Result<AdvanceOrder> read_advance(std::string body);

struct AdvanceResult {
  std::uint32_t steps = 0;  // moments at which something could be due
  bool complete = false;    // false: the engine did not come to rest, and time stopped short
};

// `{"virtual": true, "now": "2026-11-25T17:00:24Z", "nowMs": ..., "advancedSeconds": 86400.0}`,
// after an advance with its result. Without X-Fc-Request-Id.
[[nodiscard]] http::Response clock_answer(WallTime now, Millis advanced,
                                          const std::optional<AdvanceResult>& result);

// The answer of an engine whose time is real: 404 ClockNotVirtual, and why.
[[nodiscard]] Error time_is_real();

}  // namespace convoke
