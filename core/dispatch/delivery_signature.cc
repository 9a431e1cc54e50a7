#include "core/dispatch/delivery_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>

#include "core/model/error.h"

namespace convoke {
namespace {

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 0xf];
  }
  return text;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const auto* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  ENSURE(made != nullptr);
  return hex(digest.data(), size);
}

}  // namespace

PostHeaders sign_delivery(std::string_view key, const CallId& call, WallTime now,
                          std::string_view body) {
  const auto seconds = std::chrono::floor<Seconds>(now.time_since_epoch()).count();
  const std::string timestamp = std::to_string(seconds);
  std::string signed_text = timestamp + ".";
  signed_text.append(body);
  return {{"X-Convoke-Timestamp", timestamp},
          {"X-Convoke-Signature", "v1=" + hmac_sha256(key, signed_text)},
          {"X-Convoke-Delivery", call.text()}};
}

}  // namespace convoke
