// What the answer to a delivery means: it has arrived, it is tried again, or it is given up. Pure.
//
//   2xx                                      arrived
//   408, 429, 5xx, no answer, no room        again, after retry.h's back-off, or as late as
//                                            Retry-After asks within kDeliveryRetryAfterMax
//   any other answer (3xx: not followed),    given up
//   an address that is not allowed, no URL
//   older than it may get                    given up
#pragma once

#include <string>

#include "core/dispatch/retry.h"
#include "core/edge/poster.h"

namespace convoke {

inline constexpr Seconds kDeliveryRetryAfterMax{3600};
inline constexpr std::size_t kDestinationStatusMax = 256;  // bytes

// Settles as kSucceeded, kFailed or kExpired; postpones spend age alone. `lease` is the delivery's
// own, whose age counts from its due time, up to `age_max`.
[[nodiscard]] AfterAttempt after_delivery(const Call::Lease& lease, const PostAnswer& answer,
                                          Millis age_max, WallTime now, Rng& rng);

// For people, as the call's `destinationStatus`: "Succeeded", "Retrying: answered 503",
// "Failed: answered 404", "Failed: 10.0.0.1 is not a public address; ...", "Expired: ...".
[[nodiscard]] std::string destination_status(const AfterAttempt& after, const PostAnswer& answer);

}  // namespace convoke
