#include "core/loop/io_thread.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

#include "tests/loop/fixture.h"

namespace convoke {
namespace {

TEST(IoThread, JobsRunInOrderOnAnotherThreadAndCompletionsOnTheLoops) {
  Loop loop;
  LoopIoThread io(loop);
  const auto here = std::this_thread::get_id();
  std::vector<int> jobs;
  std::vector<int> completions;
  bool elsewhere = true;
  for (int i = 0; i < 1000; ++i) {
    io.run(
        [&, i] {
          elsewhere = elsewhere && std::this_thread::get_id() != here;
          jobs.push_back(i);
        },
        [&, i] {
          EXPECT_EQ(std::this_thread::get_id(), here);
          completions.push_back(i);
        });
  }
  EXPECT_TRUE(completions.empty());
  turn_until(loop, [&] { return completions.size() == 1000; });
  EXPECT_TRUE(elsewhere);
  EXPECT_EQ(jobs, completions);
  EXPECT_TRUE(std::is_sorted(jobs.begin(), jobs.end()));
}

TEST(IoThread, DestroyingItFinishesTheJobsAndDropsTheCompletions) {
  Loop loop;
  auto io = std::make_unique<LoopIoThread>(loop);
  std::promise<void> begun;
  std::promise<void> release;
  int jobs = 0;
  const auto watched = std::make_shared<int>(0);
  io->run(
      [&] {
        begun.set_value();
        release.get_future().wait();
        ++jobs;
      },
      [watched] { FAIL() << "its owner has gone"; });
  io->run([&] { ++jobs; }, [watched] { FAIL(); });
  begun.get_future().wait();
  std::thread releaser([&] { release.set_value(); });
  io.reset();
  releaser.join();
  EXPECT_EQ(jobs, 2);
  EXPECT_EQ(watched.use_count(), 1) << "the dropped completions are destroyed";
  settle(loop);
  EXPECT_EQ(loop.active_handles(), 0U);
}

TEST(IoThread, ACompletionMayDestroyIt) {
  Loop loop;
  auto io = std::make_unique<LoopIoThread>(loop);
  std::promise<void> all_done;
  io->run([] {}, [&] { io.reset(); });
  io->run([&] { all_done.set_value(); }, [] { FAIL() << "after its end"; });
  all_done.get_future().wait();
  turn_until(loop, [&] { return io == nullptr; });
  settle(loop);
}

TEST(IoThread, ACompletionMayHandOverTheNextJob) {
  Loop loop;
  LoopIoThread io(loop);
  int rounds = 0;
  std::function<void()> again = [&] {
    if (++rounds < 100) io.run([] {}, again);
  };
  io.run([] {}, again);
  turn_until(loop, [&] { return rounds == 100; });
}

}  // namespace
}  // namespace convoke
