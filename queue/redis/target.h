// Where a Redis server is, and who we are to it: what `--queue` says.
//
//     redis://[user[:password]@]host[:port][/db]    port 6379 and db 0 unless given
//     unix:/path[?db=N]                             also unix:///path
//
// User and password are percent-decoded. The host is an IPv4 address, an IPv6 address in brackets,
// or localhost: names are not resolved. rediss:// (TLS) is refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/edge/wires.h"
#include "core/model/error.h"

namespace convoke::redis {

inline constexpr std::size_t kTargetTextMax = 2048;  // bytes, of the whole text
inline constexpr std::size_t kUserMax = 128;         // bytes, decoded
inline constexpr std::size_t kPasswordMax = 512;     // bytes, decoded
inline constexpr unsigned kDatabaseMax = 65'535;

struct Target {
  Address address;
  std::string user;      // empty: the server's default user
  std::string password;  // may be filled in later, from a file; empty: none; never shown
  unsigned db = 0;
  bool tls = false;

  // InvalidArgument, in words that never hold a piece of the password.
  [[nodiscard]] static Result<Target> parse(std::string_view text);
  // For logs and messages: as it was given, without the password.
  [[nodiscard]] std::string text() const;
};

}  // namespace convoke::redis
