#include "core/loop/listening_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/loop/socket_address.h"
#include "core/loop/uv_error.h"

namespace convoke {
namespace {

int switch_on(int socket, int level, int option) {
  const int on = 1;
  return setsockopt(socket, level, option, &on, sizeof on) == 0 ? 0 : -errno;
}

// 0 where the option cannot be read: as where it is off.
int option_of(int socket, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(socket, level, option, &value, &size) == 0 ? value : 0;
}

int open_socket(int family) {
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return descriptor < 0 ? -errno : descriptor;
}

// Removes the file of a Unix socket whose process has gone. 0, or why the path cannot be used.
int remove_stale(const SocketAddress& address, const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return errno == ENOENT ? 0 : -errno;
  if (!S_ISSOCK(found.st_mode)) return -EEXIST;
  const int probe = open_socket(AF_UNIX);
  if (probe < 0) return probe;
  const int answer = ::connect(probe, address.get(), address.size) == 0 ? 0 : errno;
  ::close(probe);
  if (answer != ECONNREFUSED) return -EADDRINUSE;
  return ::unlink(path.c_str()) == 0 ? 0 : -errno;
}

int set_options(int descriptor, const Address& at, const SocketAddress& address) {
  if (at.kind == Address::Kind::kUnix) return remove_stale(address, at.host);
  int status = switch_on(descriptor, SOL_SOCKET, SO_REUSEADDR);
  if (status == 0) status = switch_on(descriptor, SOL_SOCKET, SO_REUSEPORT);
  // [::] means IPv6 alone, whatever the machine's default is.
  if (status == 0 && address.family() == AF_INET6) {
    status = switch_on(descriptor, IPPROTO_IPV6, IPV6_V6ONLY);
  }
  return status;
}

// Leaves in `address` the one that was bound, with its port.
int bind_and_listen(int descriptor, const Address& at, SocketAddress& address) {
  const int status = set_options(descriptor, at, address);
  if (status != 0) return status;
  if (::bind(descriptor, address.get(), address.size) != 0) return -errno;
  address.size = sizeof address.storage;
  if (::getsockname(descriptor, address.get(), &address.size) != 0) return -errno;
  return ::listen(descriptor, ListeningSocket::kBacklog) == 0 ? 0 : -errno;
}

Error not_a_listener(int descriptor, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("descriptor {} was handed over to listen on, but {}", descriptor, why)};
}

}  // namespace

Result<std::shared_ptr<ListeningSocket>> ListeningSocket::open(const Address& at) {
  Result<SocketAddress> address = to_socket_address(at);
  if (!address) return std::move(address).error();
  const int descriptor = open_socket(address->family());
  if (descriptor < 0) return uv_error(descriptor, "listen on " + at.text());
  std::shared_ptr<ListeningSocket> opened(new ListeningSocket(OwnedFd(descriptor), at));
  const int status = bind_and_listen(descriptor, at, *address);
  if (status != 0) return uv_error(status, "listen on " + at.text());
  opened->address_ = from_socket_address(*address);
  opened->own_file_ = at.kind == Address::Kind::kUnix;
  return opened;
}

Result<std::shared_ptr<ListeningSocket>> ListeningSocket::adopt(OwnedFd descriptor) {
  const int fd = descriptor.get();
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getsockname(fd, address.get(), &address.size) != 0) {
    return not_a_listener(fd, std::strerror(errno));
  }
  const int family = address.family();
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) {
    return not_a_listener(fd, "it is neither an IP nor a Unix socket");
  }
  if (option_of(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM ||
      option_of(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0) {
    return not_a_listener(fd, "it is no stream socket that listens");
  }
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return not_a_listener(fd, std::strerror(errno));
  }
  return std::shared_ptr<ListeningSocket>(
      new ListeningSocket(std::move(descriptor), from_socket_address(address)));
}

ListeningSocket::~ListeningSocket() {
  if (own_file_) ::unlink(address_.host.c_str());
}

bool ListeningSocket::shares_port() const {
  return address_.kind == Address::Kind::kTcp &&
         option_of(descriptor_.get(), SOL_SOCKET, SO_REUSEPORT) != 0;
}

Result<OwnedFd> ListeningSocket::duplicate() const {
  OwnedFd copy(::fcntl(descriptor_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.is_open())
    return uv_error(-errno, "share the socket that listens on " + address_.text());
  return copy;
}

Result<void> ensure_not_in_use(const Address& at) {
  const Result<SocketAddress> address = to_socket_address(at);
  if (!address) return address.error();
  if (at.kind == Address::Kind::kUnix) {
    const int status = remove_stale(address.value(), at.host);
    return status == 0 ? Result<void>{} : uv_error(status, "listen on " + at.text());
  }
  const int descriptor = open_socket(address.value().family());
  if (descriptor < 0) return uv_error(descriptor, "listen on " + at.text());
  int status = switch_on(descriptor, SOL_SOCKET, SO_REUSEADDR);  // but do not share the port
  if (status == 0 && ::bind(descriptor, address.value().get(), address.value().size) != 0) {
    status = -errno;
  }
  ::close(descriptor);
  return status == 0 ? Result<void>{} : uv_error(status, "listen on " + at.text());
}

}  // namespace convoke
