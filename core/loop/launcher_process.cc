#include "core/loop/launcher_process.h"

#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "core/loop/loop.h"

namespace convoke {
namespace {

Error failed(const std::string& what, int errno_value) {
  return Error{ErrorCode::kInternalServerError, what + ": " + std::strerror(errno_value)};
}

// posix_spawn's two objects, destroyed with their owner.
struct SpawnActions {
  SpawnActions() { posix_spawn_file_actions_init(&actions); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t actions{};
};
struct SpawnAttributes {
  SpawnAttributes() { posix_spawnattr_init(&attributes); }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  posix_spawnattr_t attributes{};
};

// A session of its own: a terminal's Ctrl-C is for the engine, which drains. All signals blocked,
// until the launcher has set what it ignores.
void set_attributes(SpawnAttributes& set) {
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigmask(&set.attributes, &all);
  posix_spawnattr_setflags(&set.attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
}

// posix_spawn, not fork: it shares our memory until the exec, so it costs the same at any size.
int spawn_program(const std::string& program, const std::vector<OwnedFd>& inherited, pid_t& pid) {
  SpawnActions actions;
  std::vector<std::string> arguments{program};
  for (const OwnedFd& fd : inherited) {
    // To itself: which takes its close-on-exec away, in the child only.
    posix_spawn_file_actions_adddup2(&actions.actions, fd.get(), fd.get());
    arguments.push_back(std::to_string(fd.get()));
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::array<char*, 1> no_environment{nullptr};
  SpawnAttributes attributes;
  set_attributes(attributes);
  return posix_spawn(&pid, program.c_str(), &actions.actions, &attributes.attributes, argv.data(),
                     no_environment.data());
}

bool readable_within(int fd, Millis time) {
  pollfd polled{fd, POLLIN, 0};
  int ready = -1;
  do {
    ready = ::poll(&polled, 1, static_cast<int>(time.count()));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// So that no signal meant for the engine's own threads is handled on the keeper.
std::thread thread_without_signals(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

Result<std::unique_ptr<LauncherProcess>> LauncherProcess::start(std::string program_path,
                                                                std::uint16_t shards) {
  std::unique_ptr<LauncherProcess> launcher(new LauncherProcess(std::move(program_path), shards));
  if (!launcher->stop_.is_open()) return failed("eventfd for the launcher", errno);
  auto running = launcher->start_one();
  if (!running) return std::move(running).error();
  launcher->install(std::move(running).value());
  launcher->keeper_ = thread_without_signals([raw = launcher.get()] { raw->keep(); });
  return launcher;
}

LauncherProcess::LauncherProcess(std::string program_path, std::uint16_t shards)
    : program_path_(std::move(program_path)),
      shards_(shards),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      wakes_(shards) {}

LauncherProcess::~LauncherProcess() {
  if (!keeper_.joinable()) return;
  ENSURE(::eventfd_write(stop_.get(), 1) == 0);
  keeper_.join();
}

Result<LauncherProcess::Running> LauncherProcess::start_one() const {
  Running running;
  std::vector<OwnedFd> theirs;
  for (std::uint16_t shard = 0; shard < shards_; ++shard) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) != 0) {
      return failed("socket pair for the launcher", errno);
    }
    running.sockets.emplace_back(pair[0]);
    theirs.emplace_back(pair[1]);
  }
  const int status = spawn_program(program_path_, theirs, running.pid);
  if (status != 0) return failed("start the launcher " + program_path_, status);
  running.death.reset(static_cast<int>(::syscall(SYS_pidfd_open, running.pid, 0)));
  if (running.death.is_open()) return running;
  const int reason = errno;
  running.sockets.clear();
  theirs.clear();  // so it ends
  ::waitpid(running.pid, nullptr, 0);
  return failed("watch the launcher (pidfd_open)", reason);
}

OwnedFd LauncherProcess::take_shard_socket(ShardIndex shard) {
  const std::lock_guard lock(mutex_);
  ENSURE(shard.value < shards_);
  if (running_.sockets.empty()) return OwnedFd();
  return std::move(running_.sockets[shard.value]);
}

void LauncherProcess::set_wake(ShardIndex shard, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  ENSURE(shard.value < shards_);
  wakes_[shard.value] = std::move(wake);
}

pid_t LauncherProcess::pid() const {
  const std::lock_guard lock(mutex_);
  return running_.pid;
}

void LauncherProcess::install(Running running) {
  const std::lock_guard lock(mutex_);
  running_ = std::move(running);
  for (const auto& wake : wakes_) {
    if (wake) wake();
  }
}

bool LauncherProcess::stop_requested_within(Millis time) const {
  return readable_within(stop_.get(), time);
}

void LauncherProcess::keep() {
  constexpr Millis kForever{-1};
  Millis pause = kRestartPause;
  for (;;) {
    const Instant started = monotonic_now();
    // Only this thread replaces running_, so it may look at it without the lock.
    std::array<pollfd, 2> polled{{{stop_.get(), POLLIN, 0}, {running_.death.get(), POLLIN, 0}}};
    while (::poll(polled.data(), polled.size(), static_cast<int>(kForever.count())) < 0) {
      ENSURE(errno == EINTR);
    }
    if (polled[0].revents != 0) return await_end();
    ::waitpid(running_.pid, nullptr, 0);
    install(Running{});
    const bool was_sound = monotonic_now() - started >= kSoundLife;
    pause = was_sound ? Millis{0} : std::max(pause, kRestartPause);
    restart(pause);
    if (pid() == 0) return;
  }
}

// Until one runs, or the engine ends.
void LauncherProcess::restart(Millis& pause) {
  while (!stop_requested_within(pause)) {
    pause = std::clamp(pause * 2, kRestartPause, kRestartPauseMax);
    auto running = start_one();
    if (running) return install(std::move(running).value());
  }
}

void LauncherProcess::await_end() {
  {
    const std::lock_guard lock(mutex_);
    running_.sockets.clear();
  }
  if (readable_within(running_.death.get(), kEndWait)) ::waitpid(running_.pid, nullptr, 0);
}

}  // namespace convoke
