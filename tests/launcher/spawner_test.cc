#include "core/loop/spawner.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/launcher/world.h"

namespace convoke {
namespace {

using Spawner = LauncherTest;

std::string make_file(const std::string& content, mode_t mode) {
  std::string path = testing::TempDir() + "/launcher_test_XXXXXX";
  const int fd = ::mkstemp(path.data());
  EXPECT_EQ(::write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  EXPECT_EQ(::fchmod(fd, mode), 0);
  EXPECT_EQ(::close(fd), 0);
  return path;
}

TEST_F(Spawner, TellsTheExitCode) {
  for (const int code : {0, 1, 7, 255}) {
    const Recorder heard = world_.run_shell(std::string("exit ").append(std::to_string(code)));
    EXPECT_TRUE(heard.spawned);
    ASSERT_TRUE(heard.exited);
    EXPECT_EQ(heard.exited->code, code);
    EXPECT_EQ(heard.exited->signal, 0);
  }
}

TEST_F(Spawner, TellsTheSignalThatEndedIt) {
  for (const int signal : {SIGTERM, SIGKILL, SIGSEGV}) {
    const Recorder heard =
        world_.run_shell(std::string("kill -").append(std::to_string(signal)).append(" $$"));
    ASSERT_TRUE(heard.exited);
    EXPECT_EQ(heard.exited->code, 0);
    EXPECT_EQ(heard.exited->signal, signal);
  }
}

TEST_F(Spawner, DeliversBothStreamsWholeBeforeTheExit) {
  const Recorder heard = world_.run_shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(heard.out, "out\n");
  EXPECT_EQ(heard.err, "err\n");
  const Recorder long_one =
      world_.run_shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done");
  EXPECT_EQ(long_one.out.size(), 20000U * 11);
}

TEST_F(Spawner, GivesExactlyTheEnvironmentThatWasAsked) {
  ASSERT_EQ(::setenv("OF_THE_ENGINE", "secret", 1), 0);
  const Recorder heard = world_.run_to_end({{"/usr/bin/env"}, {"B=2", "A=1 x=y", "E="}, "/"});
  EXPECT_EQ(heard.out, "B=2\nA=1 x=y\nE=\n");
}

TEST_F(Spawner, RunsInTheDirectoryThatWasAsked) {
  const Recorder heard = world_.run_to_end({{"/bin/sh", "-c", "pwd"}, {}, "/usr"});
  EXPECT_EQ(heard.out, "/usr\n");
}

TEST_F(Spawner, HandsArgumentsOverUntouched) {
  const Recorder heard = world_.run_to_end(
      {{"/bin/sh", "-c", "printf '[%s]' \"$@\"", "sh", "", " a  b ", "*"}, {}, "/"});
  EXPECT_EQ(heard.out, "[][ a  b ][*]");
}

TEST_F(Spawner, GivesAChildNothingOfTheLauncher) {
  Recorder heard = world_.run_to_end({{CONVOKE_TEST_CHILD, "descriptors"}, {}, "/"});
  EXPECT_EQ(heard.out, "0 1 2 \n");
  heard = world_.run_to_end({{CONVOKE_TEST_CHILD, "state"}, {}, "/"});
  EXPECT_EQ(heard.out,
            "Umask:\t0077\nSigBlk:\t0000000000000000\ncore 0\n"
            "leads its group\nleads its session\nstdin is empty\n");
}

TEST_F(Spawner, SaysWhyAProgramCannotStart) {
  struct Case {
    std::string path;
    int errno_value;
    std::string step;
  };
  const std::vector<Case> cases = {
      {"/nowhere/bootstrap", ENOENT, "exec"},
      {make_file("#!/bin/sh\n", 0600), EACCES, "exec"},
      {"/", EACCES, "exec"},
      {make_file("neither a script nor a binary", 0700), ENOEXEC, "exec"},
      {make_file("#!/nowhere/interpreter\n", 0700), ENOENT, "interpreter"},
  };
  for (const Case& test : cases) {
    const Recorder heard = world_.run_to_end({{test.path}, {}, "/"});
    ASSERT_TRUE(heard.failed) << test.path;
    EXPECT_EQ(heard.failed->errno_value, test.errno_value) << test.path;
    EXPECT_EQ(heard.failed->step, test.step) << test.path;
    EXPECT_FALSE(heard.spawned);
    EXPECT_FALSE(heard.exited);
  }
}

TEST_F(Spawner, SaysThatADirectoryIsMissing) {
  const Recorder heard = world_.run_to_end({{"/bin/true"}, {}, "/nowhere"});
  ASSERT_TRUE(heard.failed);
  EXPECT_EQ(heard.failed->errno_value, ENOENT);
  EXPECT_EQ(heard.failed->step, "chdir");
}

TEST_F(Spawner, RefusesWhatNoExecCouldTakeInALaterTurn) {
  const std::string huge(launcher::kMessageMax, 'x');
  const std::vector<std::pair<SpawnRequest, int>> cases = {
      {{{"/bin/true", huge}, {}, "/"}, E2BIG},
      {{{"/bin/true"}, {"A=" + huge}, "/"}, E2BIG},
      {{{"/bin/true", std::string("a\0b", 3)}, {}, "/"}, EINVAL},
      {{{"/bin/true"}, {std::string("A=\0", 3)}, "/"}, EINVAL},
      {{{}, {}, "/"}, EINVAL},
  };
  for (const auto& [request, errno_value] : cases) {
    Recorder heard;
    const auto process = world_.spawner->spawn(request, heard);
    EXPECT_FALSE(heard.failed);
    ASSERT_TRUE(world_.run_until([&heard] { return heard.failed.has_value(); }));
    EXPECT_EQ(heard.failed->errno_value, errno_value);
    EXPECT_EQ(heard.failed->step, "exec");
  }
  EXPECT_EQ(world_.run_shell("echo fine").out, "fine\n");
}

TEST_F(Spawner, TakesRequestsUpToItsLimit) {
  const std::vector<std::string> environment(12, std::string("V=").append(10'000, 'v'));
  const Recorder heard = world_.run_to_end({{"/usr/bin/env"}, environment, "/"});
  EXPECT_GT(heard.out.size(), 120'000U);
}

TEST_F(Spawner, DrainsWhatThePipesHoldWithinTheCall) {
  Recorder heard;
  const auto process = world_.spawn_child("wait", heard);
  ASSERT_TRUE(await([&] {
    process->drain_output();
    return heard.has_line();
  }));
  EXPECT_FALSE(heard.spawned);  // no turn has run
}

TEST_F(Spawner, ADrainOfAnEndlessWriterEnds) {
  Recorder heard;
  const auto process = world_.spawn_child("write_without_end", heard);
  ASSERT_TRUE(world_.run_until([&] { return heard.out.size() > 65'536; }));
  const std::size_t before = heard.out.size();
  process->drain_output();
  EXPECT_LE(heard.out.size() - before, LaunchedProcess::kDrainMax + LaunchedProcess::kChunk);
}

TEST_F(Spawner, ReadsOneChunkForEachTurn) {
  Recorder heard;
  const auto process = world_.spawn_child("write_without_end", heard);
  ASSERT_TRUE(world_.run_until([&] { return heard.spawned; }));
  for (int i = 0; i < 20; ++i) {
    const std::size_t before = heard.out.size();
    world_.loop.run_one_turn();
    EXPECT_LE(heard.out.size() - before, LaunchedProcess::kChunk);
  }
}

class DestroysOnOutput : public Recorder {
 public:
  void on_output(OutputStream stream, std::string_view bytes) override {
    Recorder::on_output(stream, bytes);
    process.reset();
  }
  std::unique_ptr<Process> process;
};

TEST_F(Spawner, AHandlerMayDestroyItsProcessFromWithinAnyCall) {
  DestroysOnOutput by_output;
  by_output.process = world_.spawn_child("write_without_end", by_output);
  ASSERT_TRUE(world_.run_until([&] { return by_output.process == nullptr; }));
  DestroysOnOutput by_drain;
  by_drain.process = world_.spawn_child("write_without_end", by_drain);
  ASSERT_TRUE(await([&] {
    if (by_drain.process) by_drain.process->drain_output();
    return by_drain.process == nullptr;
  }));
  DestroysOnOutput by_exit;  // the output is still in the pipe when the exit is told
  by_exit.process = world_.spawn({"/bin/echo", "x"}, by_exit);
  ASSERT_TRUE(world_.run_until([&] { return by_exit.process == nullptr; }));
  EXPECT_LE(by_output.out.size(), LaunchedProcess::kChunk);
  EXPECT_FALSE(by_exit.exited);
}

TEST_F(Spawner, ManyStartsLeaveNoDescriptorBehind) {
  ASSERT_TRUE(world_.run_shell("exit 0").exited);
  const std::size_t of_launcher = open_descriptors(world_.launcher->pid());
  const std::size_t of_engine = open_descriptors(::getpid());
  constexpr int kRounds = 10;
  constexpr int kAtOnce = 20;
  for (int round = 0; round < kRounds; ++round) {
    std::array<Recorder, kAtOnce> heard;
    std::vector<std::unique_ptr<Process>> processes;
    processes.reserve(kAtOnce);
    for (Recorder& one : heard) {
      processes.push_back(
          world_.spawn({processes.size() % 4 == 0 ? "/nowhere" : "/bin/true"}, one));
    }
    for (Recorder& one : heard) {
      ASSERT_TRUE(world_.run_until([&one] { return one.exited || one.failed; }));
    }
  }
  EXPECT_TRUE(await([&] { return open_descriptors(world_.launcher->pid()) == of_launcher; }));
  EXPECT_EQ(open_descriptors(::getpid()), of_engine);
}

}  // namespace
}  // namespace convoke
