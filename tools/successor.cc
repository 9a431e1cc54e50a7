#include "tools/successor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "tools/handed_over.h"

namespace convoke::cli {
namespace {

constexpr const char* kThisProgram = "/proc/self/exe";

// For exec and its kind: pointers into `texts`, which outlives it.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Above the numbers that they are to have, so that none is overwritten before it has been copied.
Outcome<std::vector<OwnedFd>> moved_out_of_the_way(const std::vector<OwnedFd>& sockets) {
  const int above = kFirstHandedOver + static_cast<int>(sockets.size());
  std::vector<OwnedFd> moved;
  for (const OwnedFd& socket : sockets) {
    moved.emplace_back(::fcntl(socket.get(), F_DUPFD_CLOEXEC, above));
    if (!moved.back().is_open()) {
      return usage_failure(fmt::format("cannot hand over a socket: {}", std::strerror(errno)));
    }
  }
  return moved;
}

struct SpawnActions {
  SpawnActions() { posix_spawn_file_actions_init(&actions); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t actions{};
};

Outcome<pid_t> spawn(std::vector<std::string> command_line, const std::vector<OwnedFd>& sockets) {
  SpawnActions set;
  posix_spawn_file_actions_adddup2(&set.actions, STDERR_FILENO, STDOUT_FILENO);  // for our log
  int number = kFirstHandedOver;
  for (const OwnedFd& socket : sockets) {
    posix_spawn_file_actions_adddup2(&set.actions, socket.get(), number++);
  }
  // The child cannot be told its own id before it is there: for it, LISTEN_PID is its parent's.
  std::vector<std::string> environment = environment_handing_over(sockets.size(), ::getpid());
  pid_t child = 0;
  const int status =
      posix_spawnp(&child, command_line.front().c_str(), &set.actions, nullptr,
                   pointers_to(command_line).data(), pointers_to(environment).data());
  if (status != 0) {
    return usage_failure(
        fmt::format("cannot run {}: {}", command_line.front(), std::strerror(status)));
  }
  return child;
}

bool ends_within(pid_t child, std::chrono::milliseconds time) {
  const OwnedFd end(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!end.is_open()) return false;
  pollfd polled{end.get(), POLLIN, 0};
  int ready = -1;
  do {
    ready = ::poll(&polled, 1, static_cast<int>(time.count()));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// Returns only if it cannot be.
void execute(const char* program, std::vector<std::string> command_line,
             std::vector<std::string> environment) {
  ::execvpe(program, pointers_to(command_line).data(), pointers_to(environment).data());
  spdlog::error("cannot execute {}: {}", program, std::strerror(errno));
}

}  // namespace

Successor::Successor() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  for (std::string argument; std::getline(file, argument, '\0');) command_line_.push_back(argument);
  if (command_line_.empty()) command_line_ = {kThisProgram, "serve"};
}

Outcome<Done> Successor::check(const std::vector<OwnedFd>& sockets) const {
  auto moved = moved_out_of_the_way(sockets);
  if (!moved) return moved.failure();
  std::vector<std::string> command_line = command_line_;
  command_line.emplace_back("--check");
  auto child = spawn(std::move(command_line), *moved);
  if (!child) return child.failure();
  const bool ended = ends_within(*child, kCheckMax);
  if (!ended) ::kill(*child, SIGKILL);
  int status = 0;
  ::waitpid(*child, &status, 0);
  if (!ended) {
    return usage_failure(fmt::format("{} has not said within {} s whether it can serve", program(),
                                     kCheckMax.count()));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Done{};
  return usage_failure(
      fmt::format("{} cannot serve with these options: see what it said above", program()));
}

Failure Successor::take_over(std::vector<OwnedFd> sockets) const {
  auto moved = moved_out_of_the_way(sockets);
  if (!moved) return moved.failure();
  int number = kFirstHandedOver;
  for (const OwnedFd& socket : *moved) ::dup2(socket.get(), number++);
  const auto environment = environment_handing_over(moved->size(), ::getpid());
  execute(program().c_str(), command_line_, environment);
  execute(kThisProgram, command_line_, environment);
  return usage_failure("no program to take over: this engine has ended, and nobody serves");
}

}  // namespace convoke::cli
