// Where a Redis server is, and who we are to it: what `--queue` says.
//
//     redis://[user[:password]@]host[:port][/db]    port 6379 and db 0 unless given
//     rediss://...                                  the same over TLS
//     unix:/path[?db=N]                             also unix:///path
//
// User and password are percent-decoded. The host is an IPv4 address, an IPv6 address in brackets,
// or a name, which is resolved for each connection; localhost is 127.0.0.1.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/edge/wires.h"
#include "core/model/error.h"
#include "core/tls/client.h"

namespace convoke::redis {

inline constexpr std::size_t kTargetTextMax = 2048;  // bytes, of the whole text
inline constexpr std::size_t kHostNameMax = 253;     // bytes, as DNS has it
inline constexpr std::size_t kUserMax = 128;         // bytes, decoded
inline constexpr std::size_t kPasswordMax = 512;     // bytes, decoded
inline constexpr unsigned kDatabaseMax = 65'535;

struct Target {
  Address address;       // host "": what `name` is resolved to
  std::string name;      // of the host, where it was given one
  std::string user;      // empty: the server's default user
  std::string password;  // may be filled in later, from a file; empty: none; never shown
  unsigned db = 0;
  bool tls = false;
  // Filled in later, from files, and before a connection is made over TLS.
  std::shared_ptr<const tls::Client> trust;
  bool cluster = false;  // its server is a node of a Redis Cluster: no address says so, it is asked

  // Its address is to be looked up for each connection.
  [[nodiscard]] bool by_name() const { return address.host.empty() && !name.empty(); }
  // What a certificate there must be for.
  [[nodiscard]] const std::string& host() const { return name.empty() ? address.host : name; }
  // The same at another server, which is known by its address alone.
  [[nodiscard]] Target at(const Address& there) const;
  // InvalidArgument, in words that never hold a piece of the password.
  [[nodiscard]] static Result<Target> parse(std::string_view text);
  // For logs and messages: as it was given, without the password.
  [[nodiscard]] std::string text() const;
};

}  // namespace convoke::redis
