// The two clocks of the design, as types that cannot be mixed.
//
// Instant  monotonic, nanoseconds: timeouts, leases, the timer wheel.
// WallTime since the Unix epoch, milliseconds: due times, ages, what users see.
//
// Neither type has a now(): time is an argument, read once per loop turn from core/edge/clock.h.
#pragma once

#include <chrono>
#include <cstdint>

namespace convoke {

using Duration = std::chrono::nanoseconds;
using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

struct MonotonicTag {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
};
struct WallTag {
  using rep = std::int64_t;
  using period = std::milli;
  using duration = Millis;
};

using Instant = std::chrono::time_point<MonotonicTag, Duration>;
using WallTime = std::chrono::time_point<WallTag, Millis>;

inline constexpr Instant kNever = Instant::max();

[[nodiscard]] constexpr std::int64_t to_ms(WallTime time) {
  return time.time_since_epoch().count();
}
[[nodiscard]] constexpr WallTime wall_from_ms(std::int64_t ms) { return WallTime{Millis{ms}}; }

}  // namespace convoke
