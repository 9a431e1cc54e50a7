// The signature of a delivery, by which a destination knows that it comes from this engine.
//
//   X-Convoke-Timestamp: 1660120276          seconds since the epoch, when it was sent
//   X-Convoke-Signature: v1=HEX              HMAC-SHA256(key, timestamp + "." + body), lower case
//   X-Convoke-Delivery: CALL_ID              of the call; the same whenever it is delivered again
//
// A receiver computes the same over the bytes it got, compares in constant time, refuses a
// timestamp that is minutes old, and takes a delivery id that it has seen for a repeat.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

using PostHeaders = std::vector<std::pair<std::string, std::string>>;

// `key`: the text of the engine's key file (core/loop/key_file.h), as it is.
[[nodiscard]] PostHeaders sign_delivery(std::string_view key, const CallId& call, WallTime now,
                                        std::string_view body);

}  // namespace convoke
