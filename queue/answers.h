// What a store has to say, kept until it may be said: in a turn after the one that asked for it.
//
// In the order in which it was put in, each once. Shard thread only; the wheel and the listener
// outlive it.
#pragma once

#include <variant>
#include <vector>

#include "core/edge/timer_wheel.h"
#include "queue/queue.h"

namespace convoke {

struct AcceptAnswer {
  Queue::Accepted accepted;
  Result<void> result;
};
struct SettleAnswer {
  Queue::Settled settled;
  SettleResult result{};
};
struct StopAnswer {
  Queue::Stopped stopped;
  StopResult result{};
};
struct ClaimAnswer {
  FunctionId function;
  std::vector<ClaimedCall> calls;
};
struct ReadyNews {
  FunctionId function;
};
using News = std::variant<AcceptAnswer, SettleAnswer, StopAnswer, ClaimAnswer, ReadyNews>;

class Answers {
 public:
  Answers(TimerWheel& wheel, QueueListener& listener) : wheel_(wheel), listener_(listener) {}

  void later(News news);
  // Says all there is now: for completions, which run in a turn of their own. What is put in
  // meanwhile waits for the next.
  void deliver();
  [[nodiscard]] bool empty() const { return news_.empty(); }

 private:
  void tell(AcceptAnswer& news);
  void tell(SettleAnswer& news);
  void tell(StopAnswer& news);
  void tell(ClaimAnswer& news);
  void tell(ReadyNews& news);

  TimerWheel& wheel_;
  QueueListener& listener_;
  std::vector<News> news_;
  Timer timer_ = timer_for<&Answers::deliver>(this);
};

}  // namespace convoke
