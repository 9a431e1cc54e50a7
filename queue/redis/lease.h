// How long an engine may act on what it holds: from the sending of the last heartbeat that was seen
// confirmed. Pure.
//
// Others take its calls over once they have seen it silent for as long, and longer; so one that
// begins nothing more never runs what another has.
#pragma once

#include "core/model/instant.h"

namespace convoke::redis {

inline constexpr Seconds kLeaseDefault{30};
// Two heartbeats may be lost before a lease ends.
[[nodiscard]] constexpr Duration beat_every(Duration lease) { return lease / 3; }
// Silence, by the server's clock, after which an engine is taken for dead: its lease has ended by
// then, whatever its own clock and the way of its heartbeat did.
[[nodiscard]] constexpr Duration dead_after(Duration lease) { return lease + lease / 3; }

struct Lease {
  Instant until{};  // nothing may be begun from here on; whether ends still count the server knows
};

[[nodiscard]] constexpr bool holds(const Lease& lease, Instant now) { return now < lease.until; }

// The heartbeat that was sent at `sent` is confirmed.
[[nodiscard]] constexpr Lease renewed(const Lease& lease, Instant sent, Duration length) {
  return sent + length > lease.until ? Lease{sent + length} : lease;
}

}  // namespace convoke::redis
