#include "core/loop/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace convoke {
namespace {

Error invalid(const Address& address) {
  return Error{ErrorCode::kInvalidArgument, "not an address to connect to: " + address.text()};
}

Result<SocketAddress> unix_address(const Address& address) {
  SocketAddress result;
  auto* to = reinterpret_cast<sockaddr_un*>(&result.storage);
  if (address.host.empty() || address.host.size() >= sizeof(to->sun_path)) return invalid(address);
  to->sun_family = AF_UNIX;
  std::memcpy(to->sun_path, address.host.c_str(), address.host.size() + 1);
  result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.host.size() + 1);
  return result;
}

}  // namespace

Result<SocketAddress> to_socket_address(const Address& address) {
  if (address.kind == Address::Kind::kUnix) return unix_address(address);
  SocketAddress result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    result.size = sizeof *v4;
    return result;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) != 1) return invalid(address);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(address.port);
  result.size = sizeof *v6;
  return result;
}

Address from_socket_address(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    return Address{Address::Kind::kTcp, text.data(), ntohs(v4->sin_port)};
  }
  if (address.family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
    return Address{Address::Kind::kTcp, text.data(), ntohs(v6->sin6_port)};
  }
  const auto* path = reinterpret_cast<const sockaddr_un*>(&address.storage);
  const bool named = address.size > offsetof(sockaddr_un, sun_path);
  return Address{Address::Kind::kUnix, named ? path->sun_path : "", 0};
}

}  // namespace convoke
