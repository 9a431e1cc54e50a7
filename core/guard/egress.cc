#include "core/guard/egress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/model/trimmed.h"

namespace convoke {
namespace {

struct Ipv4Range {
  std::array<std::uint8_t, 4> first;
  std::size_t bits;
};

constexpr std::array kRefusedIpv4 = {
    Ipv4Range{{0, 0, 0, 0}, 8},                                         // this host, this network
    Ipv4Range{{10, 0, 0, 0}, 8},                                        // private
    Ipv4Range{{100, 64, 0, 0}, 10},                                     // shared by carriers
    Ipv4Range{{127, 0, 0, 0}, 8},                                       // loopback
    Ipv4Range{{169, 254, 0, 0}, 16},                                    // link-local
    Ipv4Range{{172, 16, 0, 0}, 12},                                     // private
    Ipv4Range{{192, 0, 0, 0}, 24},                                      // protocol assignments
    Ipv4Range{{192, 0, 2, 0}, 24},                                      // documentation
    Ipv4Range{{192, 88, 99, 0}, 24},                                    // 6to4 relays
    Ipv4Range{{192, 168, 0, 0}, 16},                                    // private
    Ipv4Range{{198, 18, 0, 0}, 15},                                     // benchmarks
    Ipv4Range{{198, 51, 100, 0}, 24}, Ipv4Range{{203, 0, 113, 0}, 24},  // documentation
    Ipv4Range{{224, 0, 0, 0}, 4},                                       // multicast
    Ipv4Range{{240, 0, 0, 0}, 4},                                       // reserved, broadcast
};

struct Ipv6Range {
  std::uint32_t first;  // 32 bits are enough to tell them
  std::size_t bits;
};

constexpr Ipv6Range kGlobalUnicast{0x20000000, 3};
constexpr std::array kRefusedIpv6 = {
    Ipv6Range{0x20010000, 23},  // protocol assignments, Teredo
    Ipv6Range{0x20010db8, 32},  // documentation
    Ipv6Range{0x3fff0000, 20},  // documentation
};
constexpr Ipv6Range k6to4{0x20020000, 16};
constexpr std::size_t k6to4Embeds = 2;  // from this byte on
constexpr std::size_t kNat64Bits = 96;
constexpr std::size_t kNat64Embeds = 12;

bool within(const IpAddress& address, const Ipv4Range& range) {
  return address.starts_as(IpAddress::v4(range.first), IpAddress::kIpv4Offset + range.bits);
}

bool within(const IpAddress& address, const Ipv6Range& range) {
  std::array<std::uint8_t, 16> first{};
  for (std::size_t i = 0; i < 4; ++i) {
    first[i] = static_cast<std::uint8_t>(range.first >> (24 - 8 * i));
  }
  return address.starts_as(IpAddress::v6(first), range.bits);
}

bool is_nat64(const IpAddress& address) {
  return address.starts_as(IpAddress::v6({0, 0x64, 0xff, 0x9b}), kNat64Bits);
}

// The IPv4 address that a packet to this IPv6 address ends up at.
std::optional<IpAddress> carried_v4(const IpAddress& address) {
  if (is_nat64(address)) return address.embedded_v4(kNat64Embeds);
  if (within(address, k6to4)) return address.embedded_v4(k6to4Embeds);
  return std::nullopt;
}

bool is_public(const IpAddress& address) {
  const auto holds = [&](const auto& range) { return within(address, range); };
  if (address.is_v4()) return std::none_of(kRefusedIpv4.begin(), kRefusedIpv4.end(), holds);
  return within(address, kGlobalUnicast) &&
         std::none_of(kRefusedIpv6.begin(), kRefusedIpv6.end(), holds);
}

Error not_a_range(std::string_view text, std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("'{}' is no range of addresses: {}", text, why)};
}

std::optional<std::size_t> parse_length(std::string_view text, std::size_t max) {
  std::size_t bits = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, bits);
  if (failure != std::errc{} || rest != end || bits > max) return std::nullopt;
  return bits;
}

}  // namespace

Result<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view literal = text.substr(0, slash);
  const auto address = IpAddress::parse(literal);
  if (!address) {
    return not_a_range(text, "write an address and a length, as in 10.1.0.0/16 or fd00::/8");
  }
  // A mapped address written as IPv6 has IPv6's length.
  const bool dotted = literal.find(':') == std::string_view::npos;
  const std::size_t before = dotted ? IpAddress::kIpv4Offset : 0;
  AddressRange range{*address, IpAddress::kBits};
  if (slash != std::string_view::npos) {
    const auto bits = parse_length(text.substr(slash + 1), IpAddress::kBits - before);
    if (!bits) {
      return not_a_range(text, fmt::format("the length after '/' is a number from 0 to {}",
                                           IpAddress::kBits - before));
    }
    range.bits = before + *bits;
  }
  const IpAddress first = address->prefix(range.bits);
  if (first != *address) {
    return not_a_range(text, fmt::format("bits are set after its length; did you mean {}{}?",
                                         first.text(), text.substr(slash)));
  }
  return range;
}

bool AddressRange::holds(const IpAddress& address) const {
  if (address.is_v4() && bits < IpAddress::kIpv4Offset) return false;
  return address.starts_as(first, bits);
}

Result<Egress> Egress::parse(std::string_view list) {
  Egress egress;
  if (trimmed(list).empty()) return egress;
  while (true) {
    const std::size_t comma = list.find(',');
    auto range = AddressRange::parse(trimmed(list.substr(0, comma)));
    if (!range) return std::move(range).error();
    if (egress.allowed_.size() == kRangesMax) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("at most {} ranges of addresses can be allowed; name wider ones",
                               kRangesMax)};
    }
    egress.allowed_.push_back(*range);
    if (comma == std::string_view::npos) return egress;
    list.remove_prefix(comma + 1);
  }
}

bool Egress::allows(const IpAddress& address) const {
  return std::any_of(allowed_.begin(), allowed_.end(),
                     [&](const AddressRange& range) { return range.holds(address); });
}

bool Egress::may_connect(const IpAddress& address) const {
  if (allows(address)) return true;
  if (const auto carried = carried_v4(address)) return allows(*carried) || is_public(*carried);
  return is_public(address);
}

}  // namespace convoke
