// A hierarchical timing wheel: O(1) schedule and cancel, no allocation, as far ahead as an Instant
// reaches.
//
// Pure: it is told the time and touches no clock. One wheel per shard; owner thread only. A tick is
// one millisecond, and a due time is rounded up to the next tick: a timer never fires early, and at
// most one tick late. Timers are intrusive: the owner embeds a Timer, whose destructor cancels it,
// so that no callback can outlive its owner. Timers fire in order of due tick, and within a tick in
// the order in which they were scheduled.
//
// How it works: a timer lies on the level of the highest six bits in which its tick differs from
// the wheel's position. So each level holds only what comes after all of the levels below it, and
// the next thing to do is the first occupied slot of the lowest occupied level: to fire it (level
// 0), or to deal its timers out to the levels below.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/model/instant.h"

namespace convoke {

class TimerWheel;

// One timeout. 64 bytes at most (asserted), since a shard may hold a million of them.
class Timer {
 public:
  using Callback = void (*)(void* owner);

  // Runs callback(owner) when due. The callback may reschedule or destroy this timer and others.
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
  std::uint32_t list_ = 0;
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

  // Replaces an earlier schedule of the same timer. A due time that is not after the last advance()
  // fires at the next one, also when a callback asks for it: no advance() can go on for ever.
  // kNever is allowed and never fires.
  void schedule(Timer& timer, Instant due);
  void cancel(Timer& timer);

  // Fires what is due at `now`; returns how many. Time never runs backwards. Not from a callback.
  std::size_t advance(Instant now);

  // When advance() must be called next: never later than the tick of the earliest timer; may be
  // earlier, to deal timers out to lower levels, and is in the past when something is overdue.
  // nullopt when nothing will ever be due.
  [[nodiscard]] std::optional<Instant> next_wakeup() const;
  [[nodiscard]] std::size_t size() const { return size_; }  // scheduled, kNever included

 private:
  static constexpr std::uint32_t kSlotBits = 6;
  static constexpr std::uint32_t kSlots = 1U << kSlotBits;
  static constexpr std::uint32_t kLevels = 8;  // 64^8 ms: more than an Instant can say
  // Lists beside the slots.
  static constexpr std::uint32_t kOverdue = kLevels * kSlots;
  static constexpr std::uint32_t kWithoutEnd = kOverdue + 1;  // due kNever
  static constexpr std::uint32_t kFiring = kOverdue + 2;      // taken out by a running advance()
  static constexpr std::uint32_t kLists = kOverdue + 3;

  [[nodiscard]] std::uint64_t tick_of(Instant due) const;
  [[nodiscard]] Instant instant_of(std::uint64_t tick) const;
  [[nodiscard]] std::uint32_t list_for(std::uint64_t tick) const;
  [[nodiscard]] std::optional<std::uint32_t> first_slot() const;
  [[nodiscard]] std::uint64_t start_of(std::uint32_t slot) const;
  void append(Timer& timer, std::uint32_t list);
  Timer* take_all(std::uint32_t list);
  void unlink(Timer& timer);
  void deal_out(std::uint32_t slot);
  std::size_t fire(std::uint32_t list);

  std::array<Timer*, kLists> heads_{};             // circular: head->previous_ is the last one
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit per non-empty slot
  Instant start_;
  std::uint64_t position_ = 0;  // all slots up to this tick have been fired or dealt out
  std::uint64_t now_ = 0;       // the tick of the latest advance(); at or past position_
  std::size_t size_ = 0;
  bool advancing_ = false;
};

}  // namespace convoke
