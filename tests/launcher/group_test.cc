#include <csignal>

#include "tests/launcher/world.h"

namespace convoke {
namespace {

using ProcessGroup = LauncherTest;

TEST_F(ProcessGroup, IsKilledWhenItsProcessIsDestroyedAndNothingMoreIsHeard) {
  for (const char* act : {"wait", "ignore_sigterm", "child_in_group", "child_in_own_session"}) {
    Recorder heard;
    auto process = world_.spawn_child(act, heard);
    ASSERT_TRUE(world_.run_until([&] { return heard.has_line(); }));
    const pid_t pid = heard.out == "ready\n" ? 0 : heard.number();
    process.reset();
    EXPECT_TRUE(pid == 0 || await([pid] { return is_gone(pid); })) << act;
    // Reports come in order: those of this process would be here before the next one's.
    EXPECT_EQ(world_.run_shell("echo next").out, "next\n");
    EXPECT_FALSE(heard.exited);
  }
}

TEST_F(ProcessGroup, IsKilledEvenBeforeItsProgramRuns) {
  for (int i = 0; i < 20; ++i) {
    Recorder heard;
    world_.spawn_child("wait", heard).reset();
  }
  EXPECT_EQ(world_.run_shell("echo next").out, "next\n");
}

TEST_F(ProcessGroup, TheRestEndsWithTheFirstProcess) {
  for (const char* act : {"child_in_group", "child_in_own_session", "daemon"}) {
    Recorder heard;
    const auto process = world_.spawn_child(act, heard);
    ASSERT_TRUE(world_.run_until([&] { return heard.has_line(); }));
    const pid_t other = heard.number();
    process->signal_group(SIGTERM);
    ASSERT_TRUE(world_.run_until([&] { return heard.exited.has_value(); }));
    EXPECT_EQ(heard.exited->signal, SIGTERM);
    EXPECT_TRUE(await([other] { return is_gone(other); })) << act;
  }
}

TEST_F(ProcessGroup, ADaemonOfAnotherInstanceIsLeftAlone) {
  Recorder one;
  Recorder two;
  const auto first = world_.spawn_child("daemon", one);
  auto second = world_.spawn_child("daemon", two);
  ASSERT_TRUE(world_.run_until([&] { return one.has_line() && two.has_line(); }));
  second.reset();
  EXPECT_TRUE(await([&] { return is_gone(two.number()); }));
  EXPECT_FALSE(is_gone(one.number()));
}

TEST_F(ProcessGroup, AnOpenPipeOfAGrandchildDoesNotDelayTheExit) {
  const Recorder heard = world_.run_shell("sleep 1000 & echo done");
  ASSERT_TRUE(heard.exited);
  EXPECT_EQ(heard.exited->code, 0);
  EXPECT_EQ(heard.out, "done\n");
}

TEST_F(ProcessGroup, SignalsReachAllOfIt) {
  Recorder heard;
  const auto process = world_.spawn({"/bin/sh", "-c",
                                     "trap 'echo parent; wait; exit 4' USR1;"
                                     "(trap 'echo child; exit' USR1; echo ready; while :; do sleep "
                                     "0.01; done) & while :; do wait; done"},
                                    heard);
  ASSERT_TRUE(world_.run_until([&] { return heard.has_line(); }));
  process->signal_group(SIGUSR1);
  ASSERT_TRUE(world_.run_until([&] { return heard.exited.has_value(); }));
  EXPECT_NE(heard.out.find("parent"), std::string::npos);
  EXPECT_NE(heard.out.find("child"), std::string::npos);
}

TEST_F(ProcessGroup, OneThatIgnoresSigtermEndsBySigkill) {
  Recorder heard;
  const auto process = world_.spawn_child("ignore_sigterm", heard);
  ASSERT_TRUE(world_.run_until([&] { return heard.has_line(); }));
  process->signal_group(SIGTERM);
  process->sample_memory();  // answered after the signal was sent
  ASSERT_TRUE(world_.run_until([&] { return heard.memory.has_value(); }));
  EXPECT_FALSE(heard.exited);
  process->signal_group(SIGKILL);
  ASSERT_TRUE(world_.run_until([&] { return heard.exited.has_value(); }));
  EXPECT_EQ(heard.exited->signal, SIGKILL);
}

TEST_F(ProcessGroup, ItsMemoryIsThatOfAllItsProcesses) {
  Recorder alone;
  const auto one = world_.spawn_child("memory", alone);
  ASSERT_TRUE(world_.run_until([&] { return alone.has_line(); }));
  one->sample_memory();
  one->sample_memory();
  ASSERT_TRUE(world_.run_until([&] { return alone.memory.has_value(); }));
  EXPECT_GE(*alone.memory, 32.0);
  Recorder both;
  const auto two = world_.spawn(
      {"/bin/sh", "-c", CONVOKE_TEST_CHILD " memory & " CONVOKE_TEST_CHILD " memory & wait"}, both);
  ASSERT_TRUE(world_.run_until([&] { return both.out == "mmmmm\nmmmmm\n"; }));
  ASSERT_TRUE(world_.run_until([&] {
    if (both.memory && *both.memory < 64.0) both.memory.reset();
    if (!both.memory) two->sample_memory();
    return both.memory.has_value();
  }));
}

}  // namespace
}  // namespace convoke
