// Time that moves only when it is told to: a clock and its wheel, one of each for a shard.
//
// All of one engine start at the same origin and are moved by the same messages, so that they agree
// but for the turn in which a message is under way. Whole milliseconds, as the wheel's ticks.
//
// Threads: one shard's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/model/instant.h"

namespace convoke {

// Where an engine's virtual time begins: the real time of its start.
struct TimeOrigin {
  Instant monotonic;
  WallTime wall;
};

class VirtualTime final : public Clock {
 public:
  explicit VirtualTime(const TimeOrigin& origin) : origin_(origin), wheel_(origin.monotonic) {}

  [[nodiscard]] Instant now() const override { return origin_.monotonic + passed_; }
  [[nodiscard]] WallTime wall() const override { return origin_.wall + passed_; }
  [[nodiscard]] TimerWheel& timers() { return wheel_; }
  [[nodiscard]] Millis passed() const { return passed_; }  // since the origin

  // Forwards, or not at all. Fires nothing.
  void move_to(Millis passed);
  // What is due now; not from a timer's callback. What callbacks make due at once is left overdue.
  void fire_due() { fired_ += wheel_.advance(now()); }
  [[nodiscard]] bool overdue() const;
  // When fire_due() must be called next, as passed(); nullopt: nothing will ever be due. May be
  // earlier than the first timer, as TimerWheel::next_wakeup() may.
  [[nodiscard]] std::optional<Millis> next() const;
  [[nodiscard]] std::uint64_t fired() const { return fired_; }  // timers, so far

 private:
  const TimeOrigin origin_;
  Millis passed_{0};
  TimerWheel wheel_;
  std::uint64_t fired_ = 0;
};

}  // namespace convoke
