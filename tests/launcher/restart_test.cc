#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "tests/launcher/world.h"

namespace convoke {
namespace {

TEST(LauncherDeath, EndsItsProcessesAndSaysSo) {
  World world;
  Recorder running;
  Recorder in_group;
  const auto one = world.spawn_child("wait", running);
  const auto two = world.spawn_child("child_in_group", in_group);
  ASSERT_TRUE(world.run_until([&] {
    return running.has_line() && in_group.has_line() && running.spawned && in_group.spawned;
  }));
  ASSERT_EQ(::kill(world.launcher->pid(), SIGKILL), 0);
  ASSERT_TRUE(world.run_until([&] { return running.exited && in_group.exited; }));
  EXPECT_EQ(running.exited->signal, SIGKILL);
  EXPECT_TRUE(await([&] { return is_gone(running.number()) && is_gone(in_group.number()); }));
}

TEST(LauncherDeath, IsFollowedByAnotherLauncherThatStartsWhatWasAskedMeanwhile) {
  World world;
  for (int i = 0; i < 3; ++i) {
    const pid_t before = world.launcher->pid();
    ASSERT_EQ(::kill(before, SIGKILL), 0);
    const Recorder heard = world.run_shell("echo again");
    EXPECT_FALSE(heard.failed);
    EXPECT_EQ(heard.out, "again\n");
    EXPECT_NE(world.launcher->pid(), before);
  }
}

TEST(LauncherDeath, LetsOneThatWaitsForTheNextLauncherBeGivenUp) {
  World world;
  ASSERT_EQ(::kill(world.launcher->pid(), SIGKILL), 0);
  Recorder given_up;
  auto process = world.spawn_child("wait", given_up);
  process.reset();
  EXPECT_EQ(world.run_shell("echo next").out, "next\n");
  EXPECT_FALSE(given_up.spawned);
}

TEST(LauncherProcess, SaysThatThereIsNoSuchProgram) {
  const auto started = LauncherProcess::start("/nowhere/convoke-launcher", 1);
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("/nowhere/convoke-launcher"), std::string::npos);
}

TEST(LauncherProcess, HandsEachShardItsSocketOnce) {
  auto started = LauncherProcess::start(CONVOKE_LAUNCHER, 3);
  ASSERT_TRUE(started.ok());
  for (std::uint16_t shard = 0; shard < 3; ++shard) {
    EXPECT_TRUE((*started)->take_shard_socket(ShardIndex{shard}).is_open());
    EXPECT_FALSE((*started)->take_shard_socket(ShardIndex{shard}).is_open());
  }
}

TEST(LauncherProcess, AShardThatGoesTakesOnlyItsOwnProcesses) {
  auto started = LauncherProcess::start(CONVOKE_LAUNCHER, 2);
  ASSERT_TRUE(started.ok());
  Loop loop;
  LoopSpawner staying(loop, **started, ShardIndex{0});
  std::optional<LoopSpawner> going;
  going.emplace(loop, **started, ShardIndex{1});
  Recorder stays;
  Recorder goes;
  const SpawnRequest request{{CONVOKE_TEST_CHILD, "wait"}, {}, "/"};
  const auto one = staying.spawn(request, stays);
  auto two = going->spawn(request, goes);
  while (!stays.has_line() || !goes.has_line()) loop.run_one_turn();
  two.reset();
  going.reset();
  EXPECT_TRUE(await([&] { return is_gone(goes.number()); }));
  EXPECT_FALSE(is_gone(stays.number()));
}

}  // namespace
}  // namespace convoke
