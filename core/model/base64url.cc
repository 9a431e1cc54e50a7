#include "core/model/base64url.h"

#include <array>
#include <cstring>

#include "core/model/error.h"

namespace convoke {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint32_t kNoDigit = 1U << 24;  // a bit that no value has

// Two digits at a time, and values where they belong in a group of four: half the time.
constexpr std::array<std::array<char, 2>, 4096> kPairs = [] {
  std::array<std::array<char, 2>, 4096> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kDigits[i >> 6], kDigits[i & 63]};
  return pairs;
}();

using Values = std::array<std::uint32_t, 256>;
constexpr std::array<Values, 4> kValues = [] {
  std::array<Values, 4> values{};
  for (std::size_t place = 0; place < values.size(); ++place) {
    values[place].fill(kNoDigit);
    for (std::size_t i = 0; i < kDigits.size(); ++i) {
      values[place][static_cast<unsigned char>(kDigits[i])] =
          static_cast<std::uint32_t>(i << (18 - 6 * place));
    }
  }
  return values;
}();

}  // namespace

void encode_base64url(std::span<const std::uint8_t> bytes, std::span<char> text) noexcept {
  ENSURE(bytes.size() % 3 == 0 && text.size() == base64url_size(bytes.size()));
  char* to = text.data();
  for (std::size_t from = 0; from < bytes.size(); from += 3, to += 4) {
    const std::uint32_t three = static_cast<std::uint32_t>(bytes[from]) << 16 |
                                static_cast<std::uint32_t>(bytes[from + 1]) << 8 | bytes[from + 2];
    std::memcpy(to, kPairs[three >> 12].data(), 2);
    std::memcpy(to + 2, kPairs[three & 4095].data(), 2);
  }
}

bool decode_base64url(std::string_view text, std::span<std::uint8_t> bytes) noexcept {
  if (bytes.size() % 3 != 0 || text.size() != base64url_size(bytes.size())) return false;
  std::uint32_t seen = 0;
  std::uint8_t* to = bytes.data();
  for (std::size_t from = 0; from < text.size(); from += 4, to += 3) {
    std::uint32_t three = 0;
    for (std::size_t place = 0; place < kValues.size(); ++place) {
      three |= kValues[place][static_cast<unsigned char>(text[from + place])];
    }
    seen |= three;
    to[0] = static_cast<std::uint8_t>(three >> 16);
    to[1] = static_cast<std::uint8_t>(three >> 8);
    to[2] = static_cast<std::uint8_t>(three);
  }
  return (seen & kNoDigit) == 0;
}

}  // namespace convoke
