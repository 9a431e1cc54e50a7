#include "core/loop/loop.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "core/loop/entropy.h"
#include "tests/loop/fixture.h"

namespace convoke {
namespace {

// Runs its action when it is due.
struct Alarm {
  explicit Alarm(std::function<void()> then) : action(std::move(then)) {}
  void ring() { action(); }
  std::function<void()> action;
  Timer timer = timer_for<&Alarm::ring>(this);
};

TEST(Loop, HooksRunInOrderAfterTheCallbacksAndFlushComesLast) {
  Loop loop;
  std::string log;
  loop.at_end_of_turn(EndOfTurn::kFlush, [&] { log += "flush "; });
  loop.at_end_of_turn(EndOfTurn::kWork, [&] { log += "first "; });
  loop.at_end_of_turn(EndOfTurn::kWork, [&] { log += "second "; });
  Alarm alarm([&] { log += "timer "; });
  loop.post([&] {
    log.clear();
    log += "post ";
    loop.soon(alarm.timer);
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(log, "post timer first second flush ");
}

TEST(Loop, HooksRunOncePerTurnAndTheTurnOfStopEndsToo) {
  Loop loop;
  std::string log;
  int posts = 0;
  std::function<void()> task = [&] {
    log += "p";
    if (++posts == 5) return loop.stop();
    loop.post(task);
  };
  loop.at_end_of_turn(EndOfTurn::kWork, [&] { log += "h"; });
  loop.post(task);
  loop.run();
  EXPECT_EQ(log, "hphphphphph");
}

TEST(Loop, AHookThatSchedulesSomethingForNowIsNotKeptWaiting) {
  Loop loop;
  int rung = 0;
  Alarm alarm([&] {
    if (++rung == 3) loop.stop();
  });
  loop.at_end_of_turn(EndOfTurn::kWork, [&] {
    if (!alarm.timer.scheduled()) loop.soon(alarm.timer);
  });
  loop.run();  // would wait for ever
  EXPECT_EQ(rung, 3);
}

TEST(Loop, AHookMayAskForAnotherTurn) {
  Loop loop;
  int turns = 0;
  loop.at_end_of_turn(EndOfTurn::kWork, [&] {
    if (++turns == 3) return loop.stop();
    loop.turn_again();
  });
  loop.run();
  EXPECT_GE(turns, 3);
}

TEST(Loop, TheClockIsFrozenWithinATurnAndMovesBetween) {
  Loop loop;
  Instant first;
  Instant at_end;
  loop.at_end_of_turn(EndOfTurn::kFlush, [&] { at_end = loop.now(); });
  loop.post([&] {
    first = loop.now();
    const WallTime wall = loop.wall();
    while (monotonic_now() < first + Millis{2}) std::this_thread::yield();
    EXPECT_EQ(loop.now(), first);
    EXPECT_EQ(loop.wall(), wall);
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(at_end, first);
  EXPECT_GE(loop.now(), first + Millis{2}) << "outside run() it is live";
}

TEST(Loop, TheTimeOfACallbackIsNotOlderThanThePollThatWokeIt) {
  Loop loop;
  const Instant due = loop.now() + Millis{20};
  Instant fired;
  Alarm alarm([&] {
    fired = loop.now();
    loop.stop();
  });
  loop.timers().schedule(alarm.timer, due);
  loop.run();
  EXPECT_GE(fired, due);
}

TEST(Loop, AnEarlierTimerReplacesTheWaitForALaterOne) {
  Loop loop;
  Alarm far([&] { FAIL() << "a day has passed"; });
  Alarm near([&] { loop.stop(); });
  loop.timers().schedule(far.timer, loop.now() + Seconds{86'400});
  loop.post([&] { loop.timers().schedule(near.timer, loop.now() + Millis{5}); });
  loop.run();
  EXPECT_TRUE(far.timer.scheduled());
}

TEST(Loop, StopAndPostComeFromOtherThreads) {
  Loop loop;
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop.post([&order, i] { order.push_back(i); });
    loop.post([&loop] { loop.stop(); });
  });
  loop.run();
  other.join();
  ASSERT_EQ(order.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Loop, AStopBeforeRunEndsItAtOnceAndItRunsAgainAfterwards) {
  Loop loop;
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(Loop, ItsOwnHandlesAreNotCountedOthersAre) {
  Loop loop;
  EXPECT_EQ(loop.active_handles(), 0U);
  HandleOwner<uv_timer_t> timer;
  ASSERT_EQ(open_handle(timer, &timer, [&](auto* it) { return uv_timer_init(loop.uv(), it); }), 0);
  EXPECT_EQ(loop.active_handles(), 1U);
  timer.reset();
  EXPECT_EQ(loop.active_handles(), 0U);
}

TEST(LoopDeathTest, AHandleLeftOpenIsABrokenPromise) {
  EXPECT_DEATH(
      {
        HandleOwner<uv_timer_t> timer;
        Loop loop;
        static_cast<void>(
            open_handle(timer, &timer, [&](auto* it) { return uv_timer_init(loop.uv(), it); }));
      },
      "active_handles");
}

TEST(Handle, AFailedInitLeavesNothing) {
  HandleOwner<uv_timer_t> timer;
  EXPECT_EQ(open_handle(timer, nullptr, [](uv_timer_t*) { return UV_EMFILE; }), UV_EMFILE);
  EXPECT_EQ(timer, nullptr);
}

TEST(Clocks, AreTheSameOnEveryLoopAndWallIsThisCentury) {
  Loop first;
  Loop second;
  const Instant a = first.now();
  const Instant b = second.now();
  const Instant c = monotonic_now();
  EXPECT_LE(a, b);
  EXPECT_LE(b, c);
  EXPECT_GT(to_ms(first.wall()), 1'700'000'000'000);
}

TEST(Entropy, TwoSeedsDiffer) { EXPECT_NE(entropy_seed(), entropy_seed()); }

}  // namespace
}  // namespace convoke
