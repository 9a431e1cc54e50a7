// A hierarchical timing wheel: O(1) schedule and cancel, no allocation, up to ~50 days ahead.
//
// Pure: it is told the time and touches no clock. One wheel per shard; owner thread only. A tick is
// one millisecond; a timer never fires early and at most one tick late of the advance() that
// reaches it. Timers are intrusive: the owner embeds a Timer, whose destructor cancels it, so that
// no callback can outlive its owner. Timers due in one advance() fire in order of due tick.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/model/instant.h"

namespace convoke {

class TimerWheel;

// One timeout. 64 bytes at most (asserted), since a shard may hold a million of them.
class Timer {
 public:
  using Callback = void (*)(void* owner);

  // Runs callback(owner) when due. The callback may reschedule or destroy this timer.
  Timer(void* owner, Callback callback) : owner_(owner), callback_(callback) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;  // the wheel holds our address
  Timer& operator=(const Timer&) = delete;

  void cancel();
  [[nodiscard]] bool scheduled() const { return wheel_ != nullptr; }
  [[nodiscard]] Instant due() const { return due_; }

 private:
  friend class TimerWheel;
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  TimerWheel* wheel_ = nullptr;
  void* owner_;
  Callback callback_;
  Instant due_{};
  std::uint32_t slot_ = 0;
};
static_assert(sizeof(Timer) <= 64);

// `Timer timer_ = timer_for<&Session::on_idle>(this);` calls a member function when due.
template <auto Member, class Owner>
[[nodiscard]] Timer timer_for(Owner* owner) {
  return Timer(owner, [](void* self) { (static_cast<Owner*>(self)->*Member)(); });
}

class TimerWheel {
 public:
  explicit TimerWheel(Instant start);
  ~TimerWheel();  // what is still scheduled is cancelled
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Replaces an earlier schedule of the same timer. A due time in the past fires at the next
  // advance(); kNever is allowed and never fires.
  void schedule(Timer& timer, Instant due);
  void cancel(Timer& timer);

  // Fires what is due at `now`; returns how many. Time never runs backwards.
  std::size_t advance(Instant now);

  // When advance() must be called next: never later than the earliest due time; may be earlier, by
  // a cascade between levels. nullopt when nothing is scheduled.
  [[nodiscard]] std::optional<Instant> next_wakeup() const;
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr int kSlotBits = 6;
  static constexpr std::uint32_t kSlots = 1U << kSlotBits;
  static constexpr int kLevels = 6;  // 64^6 ms = 795 days

  struct Implementation;
  std::array<std::array<Timer*, kSlots>, kLevels> slots_{};
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit per non-empty slot
  Instant start_;
  std::uint64_t tick_ = 0;  // the last tick that has been fired
  std::size_t size_ = 0;
};

}  // namespace convoke
