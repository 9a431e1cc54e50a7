// Between the store and the dispatcher: brings accepted calls out when there is room for them, and
// takes their outcomes back.
//
// Threads: one shard's. Claims only what the dispatcher has slots for; decides with retry.h what an
// outcome means, and has the store write it down. A call whose outcome could not be written is left
// to the next start, which runs it again.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/dispatch/backlog.h"
#include "core/dispatch/call.h"
#include "core/dispatch/dispatcher.h"
#include "core/dispatch/retry.h"
#include "core/edge/clock.h"
#include "core/edge/rng.h"
#include "queue/queue.h"

namespace convoke {

class Pump final : public QueueListener, public Backlog, public CallOwner {
 public:
  using Alarm = std::function<void(std::string_view)>;  // for an operator's eyes
  Pump(ShardIndex self, const Clock& clock, Rng rng, Alarm alarm);
  void attach(Queue& queue, Dispatcher& dispatcher);  // before the first turn

  void on_ready(FunctionId function) override;
  void on_claimed(FunctionId function, std::vector<ClaimedCall> calls) override;

  [[nodiscard]] std::size_t ready(FunctionId function) const override;
  [[nodiscard]] std::int64_t oldest(FunctionId function) const override;
  void claim(FunctionId function, std::size_t calls) override;

  void on_finished(CallPtr call, Outcome outcome) override;

  // Calls handed out by the store whose outcome is not yet written.
  [[nodiscard]] std::size_t calls_open() const { return open_; }

 private:
  [[nodiscard]] CallPtr call_of(ClaimedCall claimed) const;
  void settle(const Receipt& receipt, Settlement settlement);
  void postpone(const Receipt& receipt, const AfterAttempt& after);
  [[nodiscard]] Queue::Settled written(const CallId& id);

  const ShardIndex self_;
  const Clock& clock_;
  Rng rng_;
  Alarm alarm_;
  RetryPolicy policy_;
  Queue* queue_ = nullptr;
  Dispatcher* dispatcher_ = nullptr;
  std::size_t open_ = 0;
};

}  // namespace convoke
