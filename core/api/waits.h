// Callers that wait for the end of an accepted call (`Prefer: wait=N`), each for a bounded time.
//
// Threads: one shard's. The wheel and the clock outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/http/server.h"
#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

class Waits {
 public:
  struct Waiting {
    CallId id;
    FunctionId function;
    std::string name;
    http::ExchangeId exchange;
    Seconds asked{};
  };
  using Over = std::function<void(const Waiting&)>;  // the time is over, the call goes on
  // Whether it has ended where nobody tells us: said again and again while it waits, after
  // kLookFirst and then less and less often, at least every kLookLast. Empty: all is told.
  using Look = std::function<void(const Waiting&)>;
  static constexpr Millis kLookFirst{20};
  static constexpr Millis kLookLast{1000};

  Waits(const Clock& clock, TimerWheel& wheel, Over over, Look look)
      : clock_(clock), wheel_(wheel), over_(std::move(over)), look_(std::move(look)) {}

  void add(Waiting waiting);
  [[nodiscard]] bool has(const CallId& id) const { return by_call_.contains(id); }
  [[nodiscard]] Waiting take(const CallId& id);  // has(id)
  void forget(http::ExchangeId exchange);        // its client has gone
  void end_all();                                // as if every time were over

 private:
  struct Entry {
    Entry(Waits& owner, Waiting what)
        : waits(owner),
          waiting(std::move(what)),
          limit(timer_for<&Entry::over>(this)),
          next_look(timer_for<&Entry::look>(this)) {}
    void over() { waits.on_over(waiting.id); }
    void look() { waits.look_at(*this); }
    Waits& waits;
    Waiting waiting;
    Timer limit;
    Timer next_look;
    Millis pause = kLookFirst;
  };
  void look_at(Entry& entry);
  void on_over(CallId id);

  const Clock& clock_;
  TimerWheel& wheel_;
  Over over_;
  Look look_;
  std::unordered_map<CallId, std::unique_ptr<Entry>> by_call_;
  std::unordered_map<http::ExchangeId, CallId, http::HashExchange> by_exchange_;
};

}  // namespace convoke
