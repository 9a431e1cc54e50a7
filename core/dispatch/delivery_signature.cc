#include "core/dispatch/delivery_signature.h"

#include <chrono>

#include "core/model/digest.h"

namespace convoke {

PostHeaders sign_delivery(std::string_view key, const CallId& call, WallTime now,
                          std::string_view body) {
  const auto seconds = std::chrono::floor<Seconds>(now.time_since_epoch()).count();
  const std::string timestamp = std::to_string(seconds);
  std::string signed_text = timestamp + ".";
  signed_text.append(body);
  return {{"X-Convoke-Timestamp", timestamp},
          {"X-Convoke-Signature", "v1=" + hex(hmac_sha256(key, signed_text))},
          {"X-Convoke-Delivery", call.text()}};
}

}  // namespace convoke
