// Who listens on which TCP port, as /proc tells.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace convoke::launcher {

struct ListeningSocket {
  std::uint64_t inode = 0;
  std::uint16_t port = 0;
  bool on_loopback = false;  // a connection to 127.0.0.1 or ::1 would reach it
};

// All listeners of the network namespace in which `pid` lives; none when it is gone.
[[nodiscard]] std::vector<ListeningSocket> listening_sockets(pid_t pid);

// Adds the inodes of the sockets that a process holds. Looks at the first kDescriptorsMax of its
// descriptors; finds none in a process that this user may not look into.
inline constexpr int kDescriptorsMax = 8192;  // about 8 ms; a server listens early, on a low one
void add_socket_inodes(pid_t pid, std::unordered_set<std::uint64_t>& inodes);

}  // namespace convoke::launcher
