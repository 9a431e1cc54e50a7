// A process for the launcher to start: does what its first argument says.
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <string>

namespace {

int wait_for_ever() {
  for (;;) ::pause();
}

int show(const std::string& line) {
  std::puts(line.c_str());
  return std::fflush(stdout);
}

int listen_on(int family) {
  const int fd = ::socket(family, SOCK_STREAM, 0);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  address.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 8) != 0)
    return 1;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  show(std::to_string(ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port)));
  return wait_for_ever();
}

// Leaves the group as a daemon does: a session of its own, and no parent but the launcher.
int daemonize(int (*then)(), int (*meanwhile)()) {
  const pid_t middle = ::fork();
  if (middle != 0) {
    ::waitpid(middle, nullptr, 0);
    return meanwhile();
  }
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  return then();
}

int show_pid_and_wait() {
  show(std::to_string(::getpid()));
  return wait_for_ever();
}

int child_in_own_session() {
  if (::fork() != 0) return wait_for_ever();
  ::setsid();
  return show_pid_and_wait();
}

int child_in_group() {
  if (::fork() != 0) return wait_for_ever();
  return show_pid_and_wait();
}

int show_descriptors() {
  std::set<int> open;
  DIR* dir = ::opendir("/proc/self/fd");
  while (const dirent* item = ::readdir(dir)) {
    if (item->d_name[0] != '.') open.insert(std::atoi(item->d_name));
  }
  open.erase(::dirfd(dir));
  std::string line;
  for (const int fd : open) line += std::to_string(fd) + " ";
  return show(line);
}

int show_state() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    for (const char* name : {"SigBlk:", "Umask:"}) {
      if (line.rfind(name, 0) == 0) show(line);
    }
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    const bool is_known = ::sigaction(signal, nullptr, &action) == 0;  // the C library hides two
    if (is_known && action.sa_handler == SIG_IGN) show("ignores " + std::to_string(signal));
  }
  rlimit core{};
  ::getrlimit(RLIMIT_CORE, &core);
  show("core " + std::to_string(core.rlim_cur));
  show(::getpgrp() == ::getpid() ? "leads its group" : "does not lead its group");
  show(::getsid(0) == ::getpid() ? "leads its session" : "does not lead its session");
  char byte = 0;
  return show(::read(STDIN_FILENO, &byte, 1) == 0 ? "stdin is empty" : "stdin has something");
}

int ignore_sigterm() {
  std::signal(SIGTERM, SIG_IGN);
  show("ready");
  return wait_for_ever();
}

int write_without_end() {
  const std::string chunk(4096, 'x');
  while (::write(STDOUT_FILENO, chunk.data(), chunk.size()) > 0) {
  }
  return 1;
}

int use_memory() {
  constexpr std::size_t kSize = 32 << 20;
  std::string memory(kSize, 'm');
  show(memory.substr(kSize / 2, 5));
  return wait_for_ever();
}

int act(const std::string& what) {
  if (what == "listen") return listen_on(AF_INET);
  if (what == "listen6") return listen_on(AF_INET6);
  if (what == "daemon_listens") {
    return daemonize([] { return listen_on(AF_INET); }, wait_for_ever);
  }
  if (what == "daemon") return daemonize(show_pid_and_wait, wait_for_ever);
  if (what == "child_in_own_session") return child_in_own_session();
  if (what == "child_in_group") return child_in_group();
  if (what == "descriptors") return show_descriptors();
  if (what == "state") return show_state();
  if (what == "ignore_sigterm") return ignore_sigterm();
  if (what == "write_without_end") return write_without_end();
  if (what == "memory") return use_memory();
  if (what == "wait") return show_pid_and_wait();
  return 2;
}

}  // namespace

int main(int argc, char** argv) { return act(argc > 1 ? argv[1] : ""); }
