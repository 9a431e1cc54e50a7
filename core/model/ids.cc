#include "core/model/ids.h"

namespace convoke {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

constexpr bool is_dash_position(std::size_t index) {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

std::optional<std::uint8_t> hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

CallId CallId::from_random(std::uint64_t high, std::uint64_t low) {
  CallId id;
  std::memcpy(id.bytes_.data(), &high, 8);
  std::memcpy(id.bytes_.data() + 8, &low, 8);
  id.bytes_[6] = static_cast<std::uint8_t>((id.bytes_[6] & 0x0f) | 0x40);
  id.bytes_[8] = static_cast<std::uint8_t>((id.bytes_[8] & 0x3f) | 0x80);
  return id;
}

CallId CallId::made_at(WallTime time, std::uint64_t high, std::uint64_t low) {
  CallId id = from_random(high, low);
  const auto ms = static_cast<std::uint64_t>(to_ms(time));
  for (int i = 0; i < 6; ++i) {
    id.bytes_[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  }
  id.bytes_[6] = static_cast<std::uint8_t>((id.bytes_[6] & 0x0f) | 0x70);
  return id;
}

std::uint64_t CallId::first_half() const {
  std::uint64_t half = 0;
  for (std::size_t i = 0; i < 8; ++i) half = half << 8 | bytes_[i];
  return half;
}

CallId CallId::from_bytes(const std::array<std::uint8_t, 16>& bytes) {
  CallId id;
  id.bytes_ = bytes;
  return id;
}

std::optional<CallId> CallId::parse(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  CallId id;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash_position(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const auto value = hex_value(text[i]);
    if (!value) return std::nullopt;
    auto& byte = id.bytes_[nibble / 2];
    byte = static_cast<std::uint8_t>((byte << 4) | *value);
    ++nibble;
  }
  return id;
}

std::string CallId::text() const {
  std::string out;
  out.reserve(kTextSize);
  for (const std::uint8_t byte : bytes_) {
    if (is_dash_position(out.size())) out += '-';
    out += kHex[byte >> 4];
    out += kHex[byte & 0x0f];
  }
  return out;
}

}  // namespace convoke
