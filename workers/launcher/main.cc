// convoke-launcher: starts, watches and ends the processes of one engine's instances.
//
//   convoke-launcher FD...     one end of a SOCK_SEQPACKET socket pair for each shard, in order
//
// Run by the engine, not by hand. Exit codes: 0 when the engine has ended and no process is left;
// 64 when it was called wrongly; 71 when the system does not let it do its work.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "core/edge/owned_fd.h"
#include "workers/launcher/launcher.h"

namespace convoke::launcher {
namespace {

int complain(const char* what, int code) {
  std::fprintf(stderr, "convoke-launcher: %s: %s\n", what, std::strerror(errno));
  return code;
}

bool is_packet_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

bool take_sockets(int argc, char** argv, std::vector<OwnedFd>& sockets) {
  for (int i = 1; i < argc; ++i) {
    char* end = nullptr;
    const long fd = std::strtol(argv[i], &end, 10);
    if (end == argv[i] || *end != '\0' || fd <= STDERR_FILENO || fd > 1 << 20) return false;
    if (!is_packet_socket(static_cast<int>(fd))) return false;
    sockets.emplace_back(static_cast<int>(fd));
  }
  return !sockets.empty();
}

// Whatever the engine, or the program that embeds it, has open is none of ours.
void close_all_but(const std::vector<OwnedFd>& sockets) {
  std::vector<unsigned> keep;
  for (const OwnedFd& socket : sockets) {
    ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
    keep.push_back(static_cast<unsigned>(socket.get()));
  }
  std::sort(keep.begin(), keep.end());
  unsigned next = STDERR_FILENO + 1;
  for (const unsigned fd : keep) {
    if (fd > next) ::close_range(next, fd - 1, 0);
    next = fd + 1;
  }
  ::close_range(next, ~0U, 0);
}

bool settle_streams() {
  const OwnedFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.is_open()) return false;
  if (::dup2(null.get(), STDIN_FILENO) < 0 || ::dup2(null.get(), STDOUT_FILENO) < 0) return false;
  // Complaints go where the engine's go, if there is such a place.
  if (::fcntl(STDERR_FILENO, F_GETFD) < 0) return ::dup2(null.get(), STDERR_FILENO) >= 0;
  return true;
}

// The end of the engine is the only end. A service manager that signals all of a service's
// processes must not take the launcher away from an engine that is still draining.
OwnedFd settle_signals() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM}) {
    std::signal(signal, SIG_IGN);
  }
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  if (::sigprocmask(SIG_SETMASK, &children, nullptr) != 0) return {};
  return OwnedFd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
}

int run(int argc, char** argv) {
  std::vector<OwnedFd> sockets;
  if (!settle_streams()) return complain("/dev/null", EX_OSERR);
  if (!take_sockets(argc, argv, sockets)) {
    errno = EINVAL;
    return complain("expected the descriptors of the engine's sockets", EX_USAGE);
  }
  close_all_but(sockets);
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return complain("subreaper", EX_OSERR);
  OwnedFd child_signals = settle_signals();
  if (!child_signals.is_open()) return complain("signalfd", EX_OSERR);
  if (::chdir("/") != 0) return complain("chdir /", EX_OSERR);  // holds no mount
  Launcher(std::move(sockets), std::move(child_signals)).run();
  return EX_OK;
}

}  // namespace
}  // namespace convoke::launcher

int main(int argc, char** argv) { return convoke::launcher::run(argc, argv); }
