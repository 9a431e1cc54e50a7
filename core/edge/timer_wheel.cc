#include "core/edge/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/model/error.h"

namespace convoke {
namespace {

constexpr std::uint64_t kTick = 1'000'000;  // nanoseconds

}  // namespace

void Timer::cancel() {
  if (wheel_ != nullptr) wheel_->cancel(*this);
}

TimerWheel::TimerWheel(Instant start) : start_(start) { ENSURE(start >= Instant{}); }

TimerWheel::~TimerWheel() {
  ENSURE(!advancing_);
  for (std::uint32_t list = 0; list < kLists; ++list) {
    while (heads_[list] != nullptr) cancel(*heads_[list]);
  }
}

void TimerWheel::schedule(Timer& timer, Instant due) {
  timer.cancel();
  timer.due_ = due;
  timer.wheel_ = this;
  ++size_;
  if (due == kNever) return append(timer, kWithoutEnd);
  const std::uint64_t tick = tick_of(due);
  append(timer, tick <= now_ ? kOverdue : list_for(tick));
}

void TimerWheel::cancel(Timer& timer) {
  if (timer.wheel_ == nullptr) return;
  ENSURE(timer.wheel_ == this);
  unlink(timer);
  timer.wheel_ = nullptr;
  --size_;
}

std::size_t TimerWheel::advance(Instant now) {
  const auto elapsed = static_cast<std::uint64_t>((now - start_).count());
  ENSURE(now >= start_ && elapsed / kTick >= now_);
  ENSURE(!advancing_);
  advancing_ = true;
  now_ = elapsed / kTick;
  std::size_t fired = fire(kOverdue);
  while (const auto slot = first_slot()) {
    const std::uint64_t tick = start_of(*slot);
    if (tick > now_) break;
    position_ = tick;
    if (*slot < kSlots) {
      fired += fire(*slot);
    } else {
      deal_out(*slot);
    }
  }
  position_ = now_;
  advancing_ = false;
  return fired;
}

std::optional<Instant> TimerWheel::next_wakeup() const {
  if (heads_[kOverdue] != nullptr || heads_[kFiring] != nullptr) return instant_of(now_);
  if (const auto slot = first_slot()) return instant_of(start_of(*slot));
  return std::nullopt;
}

std::uint64_t TimerWheel::tick_of(Instant due) const {
  if (due <= start_) return 0;
  const auto ahead = static_cast<std::uint64_t>((due - start_).count());
  return ahead / kTick + (ahead % kTick == 0 ? 0 : 1);
}

Instant TimerWheel::instant_of(std::uint64_t tick) const {
  const auto left = static_cast<std::uint64_t>((kNever - start_).count());
  return start_ + Duration{static_cast<std::int64_t>(std::min(tick * kTick, left))};
}

std::uint32_t TimerWheel::list_for(std::uint64_t tick) const {
  // `| 1` puts a tick equal to the position on level 0 as well.
  const auto highest_bit =
      63 - static_cast<std::uint32_t>(std::countl_zero((tick ^ position_) | 1));
  const std::uint32_t level = highest_bit / kSlotBits;
  const auto index = static_cast<std::uint32_t>(tick >> (level * kSlotBits)) % kSlots;
  return level * kSlots + index;
}

std::optional<std::uint32_t> TimerWheel::first_slot() const {
  for (std::uint32_t level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    return level * kSlots + static_cast<std::uint32_t>(std::countr_zero(occupied_[level]));
  }
  return std::nullopt;
}

// The first tick that the slot stands for: the position's bits above its level, then its index.
std::uint64_t TimerWheel::start_of(std::uint32_t slot) const {
  const std::uint32_t shift = slot / kSlots * kSlotBits;
  const std::uint64_t above = position_ >> (shift + kSlotBits) << (shift + kSlotBits);
  return above | (std::uint64_t{slot % kSlots} << shift);
}

void TimerWheel::append(Timer& timer, std::uint32_t list) {
  timer.list_ = list;
  Timer*& head = heads_[list];
  if (head == nullptr) {
    head = timer.previous_ = timer.next_ = &timer;
    if (list < kOverdue) occupied_[list / kSlots] |= std::uint64_t{1} << (list % kSlots);
    return;
  }
  timer.previous_ = head->previous_;
  timer.next_ = head;
  head->previous_->next_ = &timer;
  head->previous_ = &timer;
}

// Empties the list; returns its first timer, still linked to the others in a circle.
Timer* TimerWheel::take_all(std::uint32_t list) {
  if (list < kOverdue) occupied_[list / kSlots] &= ~(std::uint64_t{1} << (list % kSlots));
  return std::exchange(heads_[list], nullptr);
}

void TimerWheel::unlink(Timer& timer) {
  const std::uint32_t list = timer.list_;
  if (timer.next_ == &timer) {
    take_all(list);
    return;
  }
  timer.previous_->next_ = timer.next_;
  timer.next_->previous_ = timer.previous_;
  if (heads_[list] == &timer) heads_[list] = timer.next_;
}

// Touches each timer once: a slot of a high level may hold hundreds of thousands.
void TimerWheel::deal_out(std::uint32_t slot) {
  Timer* const first = take_all(slot);
  Timer* timer = first;
  do {
    Timer* const next = timer->next_;
    append(*timer, list_for(tick_of(timer->due_)));
    timer = next;
  } while (timer != first);
}

// Moves the list aside first: what callbacks schedule meanwhile is not for this round, and what
// they cancel leaves the list wherever it stands.
std::size_t TimerWheel::fire(std::uint32_t list) {
  while (Timer* timer = heads_[list]) {
    unlink(*timer);
    append(*timer, kFiring);
  }
  std::size_t fired = 0;
  while (Timer* timer = heads_[kFiring]) {
    cancel(*timer);
    ++fired;
    timer->callback_(timer->owner_);
  }
  return fired;
}

}  // namespace convoke
