// Instances that a kill switch ends, or the stop of a tree, and who waits until they are dead.
//
// What the answer promises is that the function, or the tree, does nothing after it; so the
// processes must have gone. One that does not go (the kernel holds it in a system call that nothing
// interrupts) was sent SIGKILL long before kEndingMax, and runs no more code of its own: then
// nobody waits for it any longer.
//
// Shard thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <unordered_set>
#include <utility>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"

namespace convoke {

class Host;

inline constexpr Seconds kEndingMax{5};

class Endings {
 public:
  Endings(const Clock& clock, TimerWheel& wheel) : clock_(clock), wheel_(wheel) {}
  Endings(const Endings&) = delete;
  Endings& operator=(const Endings&) = delete;

  // It is being ended, with so many calls inside that have no answer yet.
  void add(const Host& host, std::uint32_t calls);
  // So many calls have their answers, in an instance that goes on for others'.
  void add(std::uint32_t calls) { calls_ += calls; }
  void on_gone(const Host& host);

  // Runs once, from inside this call or later: when all that are being ended now have gone. With
  // the calls that were ended since the last one asked.
  using Over = std::function<void(std::uint32_t calls)>;
  void when_over(Over over);

 private:
  struct Waiting {
    Waiting(Endings& owner, std::unordered_set<const Host*> these, std::uint32_t ended, Over then)
        : endings(owner), hosts(std::move(these)), calls(ended), over(std::move(then)) {}
    void too_long() {
      hosts.clear();
      endings.tell();
    }
    Endings& endings;
    std::unordered_set<const Host*> hosts;
    std::uint32_t calls;
    Over over;
    Timer patience = timer_for<&Waiting::too_long>(this);
  };
  void tell();

  const Clock& clock_;
  TimerWheel& wheel_;
  std::unordered_set<const Host*> hosts_;
  std::uint32_t calls_ = 0;
  std::list<Waiting> waiting_;
};

}  // namespace convoke
