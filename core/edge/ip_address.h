// An IP address as bits: what a connection is made to, after every name and spelling is resolved.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace convoke {

// 128 bits, in network order. An IPv4 address is held in its mapped form (::ffff:a.b.c.d, RFC 4291
// 2.5.5.2), so that its two spellings are one value.
class IpAddress {
 public:
  static constexpr std::size_t kBits = 128;
  static constexpr std::size_t kIpv4Offset = 96;  // bits before the 32 of an IPv4 address

  constexpr IpAddress() = default;
  [[nodiscard]] static IpAddress v4(const std::array<std::uint8_t, 4>& bytes);
  [[nodiscard]] static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);
  // "127.0.0.1" in four plain decimals, or any IPv6 text without a zone.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] std::string text() const;  // mapped addresses as IPv4
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  // The IPv4 address in the four bytes from `first` on, as translators and tunnels carry it.
  [[nodiscard]] IpAddress embedded_v4(std::size_t first) const;
  // The first `bits` agree; bits <= kBits.
  [[nodiscard]] bool starts_as(const IpAddress& other, std::size_t bits) const;
  // All bits from `bits` on cleared.
  [[nodiscard]] IpAddress prefix(std::size_t bits) const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace convoke
