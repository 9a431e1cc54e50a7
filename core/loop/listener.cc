#include "core/loop/listener.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "core/loop/uv_error.h"

namespace convoke {
namespace {

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

LoopListener::LoopListener(Loop& loop, Corks& corks, std::shared_ptr<ListeningSocket> socket,
                           AcceptHandler& handler)
    : loop_(loop), corks_(corks), handler_(handler), socket_(std::move(socket)) {}

LoopListener::~LoopListener() {
  if (destroyed_ != nullptr) *destroyed_ = true;
}

Result<std::unique_ptr<LoopListener>> LoopListener::on(Loop& loop, Corks& corks,
                                                       std::shared_ptr<ListeningSocket> socket,
                                                       AcceptHandler& handler) {
  std::unique_ptr<LoopListener> listener(new LoopListener(loop, corks, std::move(socket), handler));
  const int status = open_handle(listener->poll_, listener.get(), [&](uv_poll_t* handle) {
    return uv_poll_init_socket(loop.uv(), handle, listener->socket_->descriptor());
  });
  if (status != 0) return uv_error(status, "listen on " + listener->local_address().text());
  listener->poll();
  return listener;
}

void LoopListener::poll() {
  uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* listener = owner_of<LoopListener>(handle)) listener->accept_up_to(kAcceptsPerTurn);
  });
}

// The kernel keeps one more than it was asked to.
void LoopListener::accept_waiting() { accept_up_to(ListeningSocket::kBacklog + 1); }

void LoopListener::accept_up_to(int connections) {
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (int i = 0; i < connections; ++i) {
    const int descriptor =
        ::accept4(socket_->descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (is_passing(errno)) continue;
      if (errno != EAGAIN) pause(errno);
      break;
    }
    auto stream = Stream::adopt(loop_, corks_, socket_->address().kind, descriptor);
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
  spdlog::warn("{} takes no new connections for now: {}", socket_->address().text(),
               uv_strerror(-error));
}

}  // namespace convoke
