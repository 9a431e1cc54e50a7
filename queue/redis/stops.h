// Stops of calls that are claimed elsewhere: by another shard of this engine, or by another engine.
//
// The stop is published; who holds the call ends it, and publishes how that went. A message can be
// lost, and a holder can die: so each call that was asked for is looked at again every kLookEvery,
// until it is found waiting (and is ended there), or gone.
//
// Shard thread only; the connection and the world outlive it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "queue/queue.h"
#include "queue/redis/keys.h"
#include "queue/redis/pipeline.h"

namespace convoke::redis {

class StopsOwner {
 public:
  virtual ~StopsOwner() = default;
  // Somebody asks to end this call, wherever it is held.
  virtual void on_stop_asked(FunctionId function, const CallId& id) = 0;
  // Whether a call whose stop is asked for is still held.
  virtual void look_again(FunctionId function, const CallId& id) = 0;
};

class Stops {
 public:
  static constexpr Seconds kLookEvery{1};
  static constexpr Seconds kPatience{600};  // then kStoreFailed

  Stops(std::string_view prefix, const Clock& clock, TimerWheel& wheel, Pipeline& connection,
        StopsOwner& owner);

  // It is held elsewhere. Answered once, with anything but kUnderWay.
  void ask(FunctionId function, const CallId& id, Queue::Stopped stopped);
  void ask_again(const CallId& id);
  void answer(const CallId& id, StopResult result);

  // What became of a stop that others asked for.
  void tell(const CallId& id, StopResult result);
  void on_message(std::string_view channel, std::string_view payload);

 private:
  struct Asked {
    FunctionId function;
    Instant given_up_at;
    std::vector<Queue::Stopped> stopped;
  };

  void publish(FunctionId function, const CallId& id);
  void look();

  const SharedKeys keys_;
  const Clock& clock_;
  TimerWheel& wheel_;
  Pipeline& connection_;
  StopsOwner& owner_;
  std::map<CallId, Asked> asked_;
  Timer look_ = timer_for<&Stops::look>(this);
};

}  // namespace convoke::redis
