// The callers that wait, on one shard, for a slot of one function: in order of arrival, each for a
// bounded time.
//
// The function's line is one for the engine: each shard holds the callers whose connections it has,
// and publishes when its first one came (core/guard/gate.h).
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>
#include <vector>

#include "core/dispatch/call.h"
#include "core/edge/timer_wheel.h"

namespace convoke {

class Line {
 public:
  // How many of the first in line have an instance starting for them: these wait for its end, good
  // or bad, however long it takes (workers bound it).
  using Starting = std::function<std::uint32_t()>;
  // Takes the call; runs from the wheel, never from inside a call made here.
  using WaitedTooLong = std::function<void(CallPtr)>;
  Line(TimerWheel& wheel, Duration wait_max, Starting starting, WaitedTooLong on_waited_too_long);

  // By arrival: a call that comes back to the line gets its old place.
  void add(CallPtr call);
  [[nodiscard]] CallPtr take_first();                                // not when empty
  [[nodiscard]] CallPtr take(const CallId& id);                      // nullptr when it is not here
  [[nodiscard]] std::vector<CallPtr> take_tree(const CallId& root);  // all of it, in order

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  [[nodiscard]] std::int64_t first_arrival() const;  // monotonic ns; kNobodyWaits when empty

 private:
  struct Place {
    Place(Line& owner, CallPtr waiting)
        : line(owner),
          call(std::move(waiting)),
          too_long(timer_for<&Place::waited_too_long>(this)) {}
    void waited_too_long() { line.waited_too_long(*this); }
    Line& line;
    CallPtr call;
    Timer too_long;
  };

  void waited_too_long(Place& place);
  [[nodiscard]] bool among_first(const Place& place, std::uint32_t count) const;

  TimerWheel& wheel_;
  const Duration wait_max_;
  Starting starting_;
  WaitedTooLong on_waited_too_long_;
  std::list<Place> waiting_;
  std::unordered_map<CallId, std::list<Place>::iterator> places_;
};

}  // namespace convoke
