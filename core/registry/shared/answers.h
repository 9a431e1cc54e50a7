// Changes that are made and not yet answered: one is answered when this engine's shards have
// applied it; one that limits a function or switches it off, or stops a tree, when every engine
// that lives has.
//
// The latter waits as long as it takes an engine that has fallen silent to lose its lease. Where
// the server cannot be asked for longer than all that, it is answered that the change was made, and
// that nobody knows who heard of it.
//
// First shard's thread only; answers come from the calls below and from a timer.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/registry/source.h"

namespace convoke::shared_registry {

class Answers {
 public:
  // `ask`: how far all engines are; it leads to on_all_applied().
  Answers(const Clock& clock, TimerWheel& wheel, Duration lease, std::function<void()> ask);
  Answers(const Answers&) = delete;  // the wheel holds our address
  Answers& operator=(const Answers&) = delete;

  void add(Change change, RegistrySource::Done done);
  void on_applied(std::uint64_t version);
  void on_all_applied(std::uint64_t version);
  [[nodiscard]] bool waits_for_others() const { return !for_others_.empty(); }

 private:
  // A message says when it is time to ask; this is for one that was lost, or an engine that dies.
  static constexpr Millis kAskEvery{250};

  struct Waiting {
    Change change;
    RegistrySource::Done done;
    Instant until{};
  };
  void ask();

  const Clock& clock_;
  TimerWheel& wheel_;
  const Duration others_max_;
  const std::function<void()> ask_;
  std::deque<Waiting> for_us_;  // both in the order of their versions
  std::deque<Waiting> for_others_;
  Timer asking_ = timer_for<&Answers::ask>(this);
};

}  // namespace convoke::shared_registry
