// Where the engine may connect to on a user's behalf.
//
// Whoever can name a destination must not reach through the engine what is reachable only from its
// machine or network: loopback, link-local (a cloud's metadata service), private networks. So what
// is asked is the address of the connection itself, after names, redirects and odd spellings of
// numbers are resolved; a name that resolves elsewhere a moment later gains nothing.
//
// Refused is what the IANA special-purpose registries do not call globally reachable (RFC 6890):
//   IPv4  0/8, 10/8, 100.64/10, 127/8, 169.254/16, 172.16/12, 192.0.0/24, 192.0.2/24,
//         192.88.99/24, 192.168/16, 198.18/15, 198.51.100/24, 203.0.113/24, 224/4, 240/4
//   IPv6  all outside 2000::/3 (::, ::1, fc00::/7, fe80::/10, fec0::/10, ff00::/8, ...), and of
//         that 2001::/23, 2001:db8::/32, 3fff::/20
// An IPv6 address that carries an IPv4 one (mapped, NAT64 64:ff9b::/96, 6to4 2002::/16) is judged
// by that one. An allow list makes exceptions.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/edge/ip_address.h"
#include "core/model/error.h"

namespace convoke {

// "10.1.0.0/16", "fd00::/8"; an address without a length is a range of one.
struct AddressRange {
  IpAddress first;
  std::size_t bits = IpAddress::kBits;

  // InvalidArgument: what is wrong with the text, and how it is written right.
  [[nodiscard]] static Result<AddressRange> parse(std::string_view text);
  // An IPv6 range that is wider than the mapped addresses (::/0) holds no IPv4 address.
  [[nodiscard]] bool holds(const IpAddress& address) const;
};

class Egress {
 public:
  static constexpr std::size_t kRangesMax = 64;

  Egress() = default;  // no exceptions
  // "10.1.0.0/16,fd00::/8", spaces around the commas allowed; "" has no exceptions.
  [[nodiscard]] static Result<Egress> parse(std::string_view list);

  [[nodiscard]] bool may_connect(const IpAddress& address) const;

 private:
  [[nodiscard]] bool allows(const IpAddress& address) const;

  std::vector<AddressRange> allowed_;
};

}  // namespace convoke
