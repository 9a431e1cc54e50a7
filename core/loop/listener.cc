#include "core/loop/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/loop/socket_address.h"
#include "core/loop/uv_error.h"

namespace convoke {
namespace {

int switch_on(int socket, int level, int option) {
  const int on = 1;
  return setsockopt(socket, level, option, &on, sizeof on) == 0 ? 0 : -errno;
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

// Errors that concern one connection, or nothing; the next one may be taken.
bool is_passing(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:  // a firewall rule
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

}  // namespace

LoopListener::Socket::~Socket() {
  if (!path_.empty()) ::unlink(path_.c_str());
  ::close(descriptor_);
}

LoopListener::LoopListener(Loop& loop, Corks& corks, AcceptHandler& handler)
    : loop_(loop), corks_(corks), handler_(handler) {}

LoopListener::~LoopListener() {
  if (destroyed_ != nullptr) *destroyed_ = true;
}

Result<std::unique_ptr<LoopListener>> LoopListener::open(Loop& loop, Corks& corks,
                                                         const Address& at,
                                                         AcceptHandler& handler) {
  std::unique_ptr<LoopListener> listener(new LoopListener(loop, corks, handler));
  Result<void> started = listener->start(at);
  if (!started) return std::move(started).error();
  return listener;
}

Result<void> LoopListener::start(const Address& at) {
  Result<SocketAddress> address = to_socket_address(at);
  if (!address) return std::move(address).error();
  int status = bind_socket(at, *address);
  if (status == 0 && ::listen(socket_->get(), kBacklog) != 0) status = -errno;
  if (status == 0) {
    status = open_handle(poll_, this, [&](uv_poll_t* handle) {
      return uv_poll_init_socket(loop_.uv(), handle, socket_->get());
    });
  }
  if (status != 0) return uv_error(status, "listen on " + at.text());
  address_ = from_socket_address(*address);
  poll();
  return {};
}

// Leaves in `address` the one that was bound, with its port.
int LoopListener::bind_socket(const Address& at, SocketAddress& address) {
  const int descriptor = open_socket(address.family());
  if (descriptor < 0) return descriptor;
  socket_ = std::make_unique<Socket>(descriptor);
  int status = 0;
  if (at.kind == Address::Kind::kUnix) {
    status = remove_stale(address, at.host);
  } else {
    status = switch_on(descriptor, SOL_SOCKET, SO_REUSEADDR);
    if (status == 0) status = switch_on(descriptor, SOL_SOCKET, SO_REUSEPORT);
    // [::] means IPv6 alone, whatever the machine's default is.
    if (status == 0 && address.family() == AF_INET6) {
      status = switch_on(descriptor, IPPROTO_IPV6, IPV6_V6ONLY);
    }
  }
  if (status != 0) return status;
  if (::bind(descriptor, address.get(), address.size) != 0) return -errno;
  if (at.kind == Address::Kind::kUnix) socket_->remove_at_close(at.host);
  address.size = sizeof address.storage;
  return ::getsockname(descriptor, address.get(), &address.size) == 0 ? 0 : -errno;
}

void LoopListener::poll() {
  uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* listener = owner_of<LoopListener>(handle)) listener->on_readable();
  });
}

void LoopListener::on_readable() {
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const int descriptor =
        ::accept4(socket_->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (is_passing(errno)) continue;
      if (errno != EAGAIN) pause(errno);
      break;
    }
    auto stream = Stream::adopt(loop_, corks_, address_.kind, descriptor);
    if (!stream) continue;  // the descriptor is closed: the client sees that
    handler_.on_accept(std::move(stream).value());
    if (destroyed) return;
  }
  destroyed_ = nullptr;
}

void LoopListener::pause(int error) {
  uv_poll_stop(poll_.get());
  const Instant now = loop_.now();
  loop_.timers().schedule(again_, now + kAcceptPause);
  if (now < next_warning_) return;
  next_warning_ = now + kWarningInterval;
  spdlog::warn("{} takes no new connections for now: {}", address_.text(), uv_strerror(-error));
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
