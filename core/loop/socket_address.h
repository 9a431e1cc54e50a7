// Address to sockaddr and back.
#pragma once

#include <sys/socket.h>

#include "core/edge/wires.h"
#include "core/model/error.h"

namespace convoke {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

// Fails for a host that is no numeric literal, or a path too long for a Unix socket.
[[nodiscard]] Result<SocketAddress> to_socket_address(const Address& address);
// A Unix socket without a name (a client's) gives an empty host.
[[nodiscard]] Address from_socket_address(const SocketAddress& address);

}  // namespace convoke
