// Calls that nobody here takes are cried out, and others' cries are heard.
//
// A function whose calls are ready and that this shard has not claimed from for kPatience is noted
// among those that wait, and published, at most once per kCryEvery; so a call that is taken where
// it was accepted costs nothing here. Whoever hears of a function looks at it. Since a message can
// be lost, each looks at what is noted once per kPollEvery too: one command, however many functions
// there are. What a look finds without calls is struck off.
//
// Shard thread only; the connection and the world outlive it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "queue/redis/keys.h"
#include "queue/redis/pipeline.h"

namespace convoke::redis {

inline constexpr Millis kPatience{2};
inline constexpr Millis kCryEvery{100};
inline constexpr Seconds kPollEvery{1};

class WakeUpsOwner {
 public:
  virtual ~WakeUpsOwner() = default;
  // It may have calls that are ready. May be said of functions that are well known here.
  virtual void on_waiting(FunctionId function) = 0;
};

class WakeUps {
 public:
  WakeUps(const std::string& prefix, const Clock& clock, TimerWheel& wheel, Pipeline& connection,
          WakeUpsOwner& owner);
  WakeUps(const WakeUps&) = delete;
  WakeUps& operator=(const WakeUps&) = delete;

  void poll();                                 // looks at what waits; goes on by itself
  void on_message(std::string_view function);  // was published
  void on_ready(FunctionId function);          // its calls are ready
  void on_claim(FunctionId function);          // somebody here takes them
  void on_empty(FunctionId function);          // it has none

 private:
  void cry_out();

  const SharedKeys keys_;
  const Clock& clock_;
  TimerWheel& wheel_;
  Pipeline& connection_;
  WakeUpsOwner& owner_;
  std::map<FunctionId, Instant> unclaimed_;  // since when
  std::map<FunctionId, Instant> cried_;      // and not struck off since
  Timer cry_ = timer_for<&WakeUps::cry_out>(this);
  Timer poll_ = timer_for<&WakeUps::poll>(this);
};

}  // namespace convoke::redis
