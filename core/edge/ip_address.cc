#include "core/edge/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace convoke {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The bits of byte `index` that belong to a prefix of `bits`.
std::uint8_t mask_of(std::size_t index, std::size_t bits) {
  const std::size_t before = index * 8;
  if (bits >= before + 8) return 0xff;
  if (bits <= before) return 0;
  return static_cast<std::uint8_t>(0xff << (before + 8 - bits));
}

}  // namespace

IpAddress IpAddress::v4(const std::array<std::uint8_t, 4>& bytes) {
  IpAddress address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes_.begin());
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin() + kMapped.size());
  return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string literal(text);
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, literal.c_str(), four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, literal.c_str(), sixteen.data()) == 1) return v6(sixteen);
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes_.data() + kMapped.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  }
  return text.data();
}

IpAddress IpAddress::embedded_v4(std::size_t first) const {
  return v4({bytes_.at(first), bytes_.at(first + 1), bytes_.at(first + 2), bytes_.at(first + 3)});
}

bool IpAddress::starts_as(const IpAddress& other, std::size_t bits) const {
  return prefix(bits) == other.prefix(bits);
}

IpAddress IpAddress::prefix(std::size_t bits) const {
  IpAddress cut;
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    cut.bytes_[i] = bytes_[i] & mask_of(i, bits);
  }
  return cut;
}

}  // namespace convoke
