// One thread's event loop: its turn, its clock, its timers.
//
// The life of a turn:
//
//     +-> poll           waits for the kernel, another thread, or the next timer
//     |     callbacks    sockets, mailboxes, I/O threads, post(), in the order poll reports them
//     |     timers       the wheel is advanced to now(); what is overdue comes first
//     |     closed       handles that were closed are freed
//     |   end of turn    the hooks, once each, in order: first all kWork, then all kFlush
//     +---- the clock thaws; the next poll waits only if nothing is overdue
//
// now() is read on first use in a turn and stays frozen until the end of that turn, hooks included,
// so that all callbacks of a turn agree. Outside run() it is live.
//
// A callback that must not be made from inside a call (of its owner) is made by soon(): it runs
// with the timers, in this turn or the next one, which then does not wait.
//
// Threads: a Loop belongs to the thread that runs it; only stop() and post() may be called from
// others. Lifetime: everything that holds a handle on a Loop goes before it does; the destructor
// finishes what is closing and ENSUREs that nothing else is left. Making one ignores SIGPIPE, for
// the whole process.
#pragma once

#include <uv.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/loop/handle.h"

namespace convoke {

enum class EndOfTurn {
  kWork,   // hooks that decide, submit or write; run in the order of registration
  kFlush,  // after all of those: sends what has been gathered; calls nobody back
};

class Loop final : public Clock {
 public:
  // What a stream reads into. One buffer for all: its bytes are valid during one callback only, and
  // an idle connection holds none.
  static constexpr std::size_t kReadBufferSize = 64 * 1024;

  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Turns until stop(). The turn in which stop() is seen ends as every other, hooks included. May
  // be called again afterwards.
  void run();
  // One turn; waits in poll as run() does, unless stop() was called.
  void run_one_turn();
  void stop();                            // any thread
  void post(std::function<void()> task);  // any thread; runs in a later turn; for rare use

  void at_end_of_turn(EndOfTurn stage, std::function<void()> hook);
  // The next poll does not wait: for a hook that leaves work to a hook before it.
  void turn_again() { again_ = true; }

  [[nodiscard]] Instant now() const override;
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] TimerWheel& timers() { return timers_; }
  // Overdue at once; a Timer due now() would be rounded up to the next tick.
  void soon(Timer& timer) { timers_.schedule(timer, Instant{}); }

  [[nodiscard]] uv_loop_t* uv() { return &loop_; }
  [[nodiscard]] static Loop& of(const uv_loop_t* loop) { return *static_cast<Loop*>(loop->data); }
  [[nodiscard]] uv_buf_t read_buffer() { return uv_buf_init(read_buffer_.get(), kReadBufferSize); }
  // Open handles, the loop's own not counted.
  [[nodiscard]] std::size_t active_handles() const;

 private:
  void on_woken();
  void on_polled();
  void end_turn();
  void arm_timer();

  uv_loop_t loop_{};
  HandleOwner<uv_prepare_t> prepare_;
  HandleOwner<uv_check_t> check_;
  HandleOwner<uv_timer_t> timer_;
  HandleOwner<uv_async_t> wake_;

  std::unique_ptr<char[]> read_buffer_;
  TimerWheel timers_;
  std::vector<std::function<void()>> work_hooks_;
  std::vector<std::function<void()>> flush_hooks_;
  bool again_ = false;
  bool running_ = false;
  std::optional<Instant> armed_for_;
  mutable std::optional<Instant> now_;
  mutable std::optional<WallTime> wall_;

  std::mutex mutex_;  // guards posted_
  std::vector<std::function<void()>> posted_;
  std::atomic<bool> stopping_{false};
};

// The real clocks, for threads that have no Loop. The same origins as Loop's.
[[nodiscard]] Instant monotonic_now();
[[nodiscard]] WallTime wall_now();

}  // namespace convoke
