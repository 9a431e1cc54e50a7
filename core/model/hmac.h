// HMAC-SHA256 under one key that is used again and again: both pads are hashed once, when it is
// made, so that a MAC of up to 55 bytes is two compressions, each 64 bytes more are another, and
// nothing is allocated. Under a key for each text: core/model/digest.h.
#pragma once

#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace convoke {

class KeptHmac {
 public:
  static constexpr std::size_t kSize = 32;  // bytes
  using Mac = std::array<std::uint8_t, kSize>;

  explicit KeptHmac(std::string_view key);  // the key itself is not kept
  [[nodiscard]] Mac of(std::span<const std::uint8_t> text) const noexcept;  // any thread

 private:
  SHA256_CTX inner_{};
  SHA256_CTX outer_{};
};

}  // namespace convoke
