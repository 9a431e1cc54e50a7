#include "workers/launcher/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace convoke::launcher {
namespace {

constexpr int kOomScoreRaise = 200;  // of 1000: as if it used a fifth of the memory more
constexpr int kOomScoreMax = 1000;
constexpr int kExitOfFailedStart = 127;

struct FailureRecord {
  std::int32_t errno_value = 0;
  Step step = Step::kFork;
};

// Made before fork: the child only reads it.
struct Plan {
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* working_directory = nullptr;
  int out = -1;
  int err = -1;
  int failure_pipe = -1;
  pid_t launcher = 0;
};

std::vector<char*> c_strings(const std::vector<std::string>& values) {
  std::vector<char*> pointers;
  pointers.reserve(values.size() + 1);
  for (const std::string& value : values) pointers.push_back(const_cast<char*>(value.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void fail(const Plan& plan, Step step) {
  const FailureRecord record{errno, step};
  const ssize_t written = ::write(plan.failure_pipe, &record, sizeof record);
  ::_exit(written == sizeof record ? kExitOfFailedStart : kExitOfFailedStart - 1);
}

void die_with_launcher(const Plan& plan) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(plan, Step::kSetup);
  if (::getppid() != plan.launcher) ::_exit(kExitOfFailedStart);  // it died before the line above
}

void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void connect_streams(const Plan& plan) {
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(plan.out, STDOUT_FILENO) < 0 ||
      ::dup2(plan.err, STDERR_FILENO) < 0) {
    fail(plan, Step::kSetup);
  }
}

// Best effort: where the machine does not let us, the instance still runs.
void offer_to_the_oom_killer() {
  const OwnedFd file(::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC));
  std::array<char, 16> text{};
  if (!file.is_open() || ::read(file.get(), text.data(), text.size() - 1) <= 0) return;
  const int raised = std::min(kOomScoreMax, std::atoi(text.data()) + kOomScoreRaise);
  const int size = std::snprintf(text.data(), text.size(), "%d", raised);
  [[maybe_unused]] const ssize_t written =
      ::pwrite(file.get(), text.data(), static_cast<std::size_t>(size), 0);
}

[[noreturn]] void become(const Plan& plan) {
  die_with_launcher(plan);
  if (::setsid() < 0) fail(plan, Step::kSetup);
  reset_signals();
  connect_streams(plan);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  offer_to_the_oom_killer();
  ::umask(077);
  if (::chdir(plan.working_directory) != 0) fail(plan, Step::kChdir);
  // All of ours are close-on-exec already; this is for any that a library opened otherwise.
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execve(plan.argv[0], plan.argv.data(), plan.environment.data());
  const int error = errno;
  const bool is_there = error == ENOENT && ::access(plan.argv[0], F_OK) == 0;
  errno = error;
  fail(plan, is_there ? Step::kInterpreter : Step::kExec);
}

}  // namespace

std::variant<StartedChild, SpawnFailed> start_child(const SpawnRequest& request, const OwnedFd& out,
                                                    const OwnedFd& err) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return SpawnFailed{errno, Step::kSetup};
  OwnedFd outcome(ends[0]);
  const OwnedFd failure_pipe(ends[1]);

  Plan plan;
  plan.argv = c_strings(request.argv);
  plan.environment = c_strings(request.environment);
  plan.working_directory = request.working_directory.c_str();
  plan.out = out.get();
  plan.err = err.get();
  plan.failure_pipe = failure_pipe.get();
  plan.launcher = ::getpid();

  const pid_t pid = ::fork();
  if (pid < 0) return SpawnFailed{errno, Step::kFork};
  if (pid == 0) become(plan);
  return StartedChild{pid, std::move(outcome)};
}

// The child's end closes itself on a successful exec: the end of the stream is the good news. (So
// it is when the child was killed before that; then its exit follows.)
StartOutcome outcome_of_start(const OwnedFd& outcome, SpawnFailed& failure) {
  FailureRecord record;
  const ssize_t size = ::read(outcome.get(), &record, sizeof record);
  if (size < 0) return StartOutcome::kUnknownYet;
  if (size != sizeof record) return StartOutcome::kRuns;
  failure = SpawnFailed{record.errno_value, record.step};
  return StartOutcome::kFailed;
}

}  // namespace convoke::launcher
