// Notices a peer that takes no byte of what is written to it.
//
// Looks a few times within the limit, and only while there is output: so a stall is noticed at
// most a quarter of the limit late, and a write costs next to nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"

namespace convoke::http {

class StallWatch {
 public:
  StallWatch(TimerWheel& wheel, const Clock& clock, Duration at_most, void* owner,
             Timer::Callback on_stall)
      : wheel_(wheel), clock_(clock), at_most_(at_most), owner_(owner), on_stall_(on_stall) {}

  // After each write to `wire`, always the same one, which must live until stop().
  void wrote(const Wire& wire, std::size_t bytes) {
    written_ += bytes;
    if (timer_.scheduled()) return;
    wire_ = &wire;
    sent_ = written_ - wire.buffered();
    progress_ = clock_.now();
    look_again();
  }
  void stop() { timer_.cancel(); }

 private:
  void look() {
    const std::size_t waiting = wire_->buffered();
    if (waiting == 0) return;
    const std::uint64_t sent = written_ - waiting;
    if (sent != sent_) progress_ = clock_.now();
    sent_ = sent;
    if (clock_.now() - progress_ >= at_most_) return on_stall_(owner_);
    look_again();
  }
  void look_again() { wheel_.schedule(timer_, clock_.now() + at_most_ / kLooks); }

  static constexpr int kLooks = 4;

  TimerWheel& wheel_;
  const Clock& clock_;
  const Duration at_most_;
  void* const owner_;
  const Timer::Callback on_stall_;
  const Wire* wire_ = nullptr;
  std::uint64_t written_ = 0;
  std::uint64_t sent_ = 0;
  Instant progress_{};
  Timer timer_ = timer_for<&StallWatch::look>(this);
};

}  // namespace convoke::http
