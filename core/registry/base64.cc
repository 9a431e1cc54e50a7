#include "core/registry/base64.h"

#include <fmt/core.h>

#include <array>
#include <cstdint>

namespace convoke {
namespace {

constexpr std::uint8_t kNotInAlphabet = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNotInAlphabet;
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}
constexpr std::array<std::uint8_t, 256> kValues = make_values();

Error not_base64(std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("code.zipFile is not base64: {}", why)};
}

std::uint32_t value_of(char c) { return kValues[static_cast<unsigned char>(c)]; }

// Four characters to three bytes; false if one does not belong. `A` may stand for padding.
bool append_group(std::string_view four, std::string& bytes) {
  std::uint32_t bits = 0;
  for (const char c : four) {
    if (value_of(c) == kNotInAlphabet) return false;
    bits = (bits << 6) | value_of(c);
  }
  bytes += static_cast<char>(bits >> 16);
  bytes += static_cast<char>(bits >> 8);
  bytes += static_cast<char>(bits);
  return true;
}

std::size_t first_bad(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && value_of(text[at]) != kNotInAlphabet) ++at;
  return at;
}

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return not_base64(fmt::format("its length, {}, is not a multiple of 4", text.size()));
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;

  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  const std::size_t whole = padding == 0 ? text.size() : text.size() - 4;
  bool right = true;
  for (std::size_t at = 0; at < whole && right; at += 4)
    right = append_group(text.substr(at, 4), bytes);
  if (right && padding > 0) {
    std::string last(text.substr(whole, 4 - padding));
    last.append(padding, 'A');
    right = append_group(last, bytes);
    for (std::size_t i = 0; i < padding && right; ++i) {
      if (bytes.back() != '\0') return not_base64("bits are left over at its end");
      bytes.pop_back();
    }
  }
  if (!right)
    return not_base64(fmt::format("the character at position {} does not belong", first_bad(text)));
  return bytes;
}

}  // namespace convoke
