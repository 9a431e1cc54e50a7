#include "core/model/base64url.h"

#include <array>

#include "core/model/error.h"

namespace convoke {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint32_t kNoDigit = 0x80;  // a bit that no value has

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

std::uint32_t value_at(std::string_view text, std::size_t i) {
  return kValues[static_cast<unsigned char>(text[i])];
}

}  // namespace

void encode_base64url(std::span<const std::uint8_t> bytes, std::span<char> text) noexcept {
  ENSURE(bytes.size() % 3 == 0 && text.size() == base64url_size(bytes.size()));
  for (std::size_t from = 0, to = 0; from < bytes.size(); from += 3, to += 4) {
    const std::uint32_t three = static_cast<std::uint32_t>(bytes[from]) << 16 |
                                static_cast<std::uint32_t>(bytes[from + 1]) << 8 | bytes[from + 2];
    text[to] = kDigits[three >> 18];
    text[to + 1] = kDigits[three >> 12 & 63];
    text[to + 2] = kDigits[three >> 6 & 63];
    text[to + 3] = kDigits[three & 63];
  }
}

bool decode_base64url(std::string_view text, std::span<std::uint8_t> bytes) noexcept {
  if (bytes.size() % 3 != 0 || text.size() != base64url_size(bytes.size())) return false;
  std::uint32_t seen = 0;
  for (std::size_t from = 0, to = 0; from < text.size(); from += 4, to += 3) {
    const std::uint32_t a = value_at(text, from);
    const std::uint32_t b = value_at(text, from + 1);
    const std::uint32_t c = value_at(text, from + 2);
    const std::uint32_t d = value_at(text, from + 3);
    seen |= a | b | c | d;
    bytes[to] = static_cast<std::uint8_t>(a << 2 | b >> 4);
    bytes[to + 1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
    bytes[to + 2] = static_cast<std::uint8_t>(c << 6 | d);
  }
  return (seen & kNoDigit) == 0;
}

}  // namespace convoke
