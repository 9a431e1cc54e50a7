// However an engine ends, no process that it started outlives it.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "core/edge/owned_fd.h"
#include "tests/launcher/world.h"

namespace convoke {
namespace {

constexpr std::array kActs = {"wait", "child_in_group", "child_in_own_session", "daemon",
                              "write_without_end"};
constexpr std::size_t kTold = 5;  // the launcher, and those that say their number

// Starts processes of all kinds, tells their numbers and waits to be killed.
[[noreturn]] void be_an_engine(int tell) {
  World world;
  std::array<Recorder, kActs.size()> heard;
  std::vector<std::unique_ptr<Process>> processes;
  for (std::size_t i = 0; i < kActs.size(); ++i) {
    processes.push_back(world.spawn_child(kActs[i], heard[i]));
  }
  const bool all_run = world.run_until([&heard] {
    return std::all_of(heard.begin(), heard.end() - 1, [](auto& one) { return one.has_line(); });
  });
  std::array<pid_t, kTold> pids{world.launcher->pid()};
  for (std::size_t i = 1; i < kTold && all_run; ++i) pids[i] = heard[i - 1].number();
  if (::write(tell, pids.data(), sizeof pids) != sizeof pids) ::_exit(1);
  for (;;) ::pause();
}

TEST(EngineDeath, ByKillLeavesNoProcess) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const OwnedFd told(ends[0]);
  OwnedFd tell(ends[1]);
  const pid_t engine = ::fork();
  if (engine == 0) be_an_engine(tell.get());
  tell.reset();
  std::array<pid_t, kTold> pids{};
  ASSERT_EQ(::read(told.get(), pids.data(), sizeof pids), static_cast<ssize_t>(sizeof pids));
  for (const pid_t pid : pids) EXPECT_FALSE(is_gone(pid));
  ASSERT_EQ(::kill(engine, SIGKILL), 0);
  ASSERT_EQ(::waitpid(engine, nullptr, 0), engine);
  for (const pid_t pid : pids) EXPECT_TRUE(await([pid] { return is_gone(pid); }));
}

TEST(EngineDeath, AnOrderlyEndWaitsForTheLauncher) {
  pid_t pid = 0;
  {
    World world;
    pid = world.launcher->pid();
    EXPECT_FALSE(is_gone(pid));
    world.spawner.reset();
  }
  EXPECT_TRUE(is_gone(pid));
}

TEST(EngineDeath, TheLauncherOutlivesSignalsMeantForTheWholeService) {
  World world;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    ASSERT_EQ(::kill(world.launcher->pid(), signal), 0);
  }
  EXPECT_EQ(world.run_shell("echo alive").out, "alive\n");
}

}  // namespace
}  // namespace convoke
