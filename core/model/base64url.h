// Bytes as text that fits headers, URLs and `tracestate`: base64url without padding (RFC 4648,
// section 5), into room that the caller has. Pure; any thread; allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace convoke {

[[nodiscard]] constexpr std::size_t base64url_size(std::size_t bytes) {
  return bytes / 3 * 4 + (bytes % 3 == 0 ? 0 : bytes % 3 + 1);
}

// `bytes` is a multiple of 3 bytes long, and `text` holds base64url_size of it.
void encode_base64url(std::span<const std::uint8_t> bytes, std::span<char> text) noexcept;
// Such a text of exactly `bytes.size()` bytes, also a multiple of 3. False: it is none.
[[nodiscard]] bool decode_base64url(std::string_view text, std::span<std::uint8_t> bytes) noexcept;

}  // namespace convoke
