// The heap that a simulated world runs on: what happens when, and of what happens at the same
// moment, chance says which comes first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/rng.h"

namespace convoke::sim {

// The one clock of a world; its wall may step.
class SimClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override {
    return wall_from_ms(1'700'000'000'000) + wall_offset_ +
           std::chrono::duration_cast<Millis>(now_.time_since_epoch());
  }
  void reach(Instant now) { now_ = now; }
  void step_wall(Millis by) { wall_offset_ += by; }

 private:
  Instant now_{Seconds{1}};
  Millis wall_offset_{0};
};

class Agenda {
 public:
  using Event = std::function<void()>;
  Agenda(SimClock& clock, Rng rng) : clock_(clock), rng_(rng) {}

  void at(Instant when, Event event) {
    events_.push(Entry{when, rng_.next(), std::make_shared<Event>(std::move(event))});
  }
  void in(Duration delay, Event event) { at(clock_.now() + delay, std::move(event)); }

  [[nodiscard]] bool empty() const { return events_.empty(); }
  [[nodiscard]] Instant next() const { return events_.top().when; }
  // Time goes on to the next event, and it happens.
  void step() {
    const Entry entry = events_.top();
    events_.pop();
    clock_.reach(std::max(entry.when, clock_.now()));
    (*entry.event)();
  }

 private:
  struct Entry {
    Instant when;
    std::uint64_t tie;
    std::shared_ptr<Event> event;
    friend bool operator<(const Entry& a, const Entry& b) {  // the earliest is on top
      return a.when != b.when ? a.when > b.when : a.tie > b.tie;
    }
  };
  SimClock& clock_;
  Rng rng_;
  std::priority_queue<Entry> events_;
};

// A random span of time, evenly between the two.
[[nodiscard]] inline Duration between(Rng& rng, Duration least, Duration most) {
  const auto span = static_cast<std::uint64_t>((most - least).count());
  return least + Duration{static_cast<std::int64_t>(rng.below(span + 1))};
}

}  // namespace convoke::sim
