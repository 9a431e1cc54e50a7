// Between the store and the dispatcher: brings accepted calls out when there is room for them, and
// takes their outcomes back.
//
// Threads: one shard's. Claims only what the dispatcher has slots for; decides with retry.h what an
// outcome means, and has the store write it down. Each decision goes by the async config that the
// function has then, not by the one it had when the call was accepted. A call whose outcome could
// not be written is left to the next start, which runs it again; one whose successor finds no room
// on the disk is asked about again every kNoRoomRetry.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/dispatch/backlog.h"
#include "core/dispatch/call.h"
#include "core/dispatch/deliverer.h"
#include "core/dispatch/dispatcher.h"
#include "core/dispatch/expiry.h"
#include "core/dispatch/pacer.h"
#include "core/dispatch/retry.h"
#include "core/dispatch/tree_sweep.h"
#include "core/edge/clock.h"
#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "core/registry/directory.h"
#include "queue/queue.h"

namespace convoke {

inline constexpr Seconds kNoRoomRetry{1};

// Who waits for accepted calls to end.
class EndWatch {
 public:
  virtual ~EndWatch() = default;
  [[nodiscard]] virtual bool watches(const CallId& id) const = 0;
  // Its end has been written down. Only of calls that are watched, in a later turn.
  virtual void on_settled(CallPtr call, Outcome outcome) = 0;
};

class LineageGuard;

// Who looks at accepted calls as they come out of the store.
class AttemptWatch {
 public:
  virtual ~AttemptWatch() = default;
  // It is about to run, unless the answer is an error: it fails with that, and never runs.
  [[nodiscard]] virtual std::optional<Error> begins(const Call& call) = 0;
  // Of each that was let through: it runs no longer, or never did.
  virtual void over(const Call& call) = 0;
};

// All of it outlives the pump.
struct PumpWorld {
  const Clock& clock;
  TimerWheel& wheel;
  const Directory& directory;
  LineageGuard* guard = nullptr;     // null: no call is one too many
  AttemptWatch* attempts = nullptr;  // null: nobody looks
};

class Pump final : public QueueListener, public Backlog, public CallOwner {
 public:
  using Alarm = std::function<void(std::string_view)>;  // for an operator's eyes
  Pump(ShardIndex self, const PumpWorld& world, Rng rng, Alarm alarm);
  // Before the first turn. Without a deliverer, deliveries to URLs stay in the store.
  void attach(Queue& queue, Dispatcher& dispatcher, EndWatch& watch,
              Deliverer* deliverer = nullptr);

  // Ends a call wherever it stands. Answered once, in a later turn, when its end is durable:
  // kStopped, or kUnknown where it was no longer there or came to an end of its own first.
  void stop(FunctionId function, const CallId& id, Queue::Stopped stopped);

  // A tree was stopped: what is queued of it and next in line ends now, though nothing may run it.
  void on_tree_stopped() { sweep_.begin(); }

  void on_ready(FunctionId function) override;
  void on_claimed(FunctionId function, std::vector<ClaimedCall> calls) override;
  void on_stop_asked(FunctionId function, const CallId& id, Queue::Stopped stopped) override {
    stop(function, id, std::move(stopped));
  }

  [[nodiscard]] std::size_t ready(FunctionId function) const override;
  [[nodiscard]] std::int64_t oldest(FunctionId function) const override;
  void claim(FunctionId function, std::size_t calls) override;

  void on_finished(CallPtr call, Outcome outcome) override;
  void on_started(const Receipt& receipt, WallTime at, const std::string& instance_id) override;

  // Calls handed out by the store whose outcome is not yet written.
  [[nodiscard]] std::size_t calls_open() const { return open_; }
  [[nodiscard]] const Pacer& pacer() const { return pacer_; }

 private:
  struct Settling;  // a call whose end is being written down

  [[nodiscard]] std::optional<WallTime> ages_out(FunctionId function) const;
  [[nodiscard]] RetryPolicy policy_of(FunctionId function, std::string_view qualifier) const;
  [[nodiscard]] CallPtr call_of(ClaimedCall claimed) const;
  [[nodiscard]] bool stopping(const CallId& id) const { return stops_.contains(id); }
  [[nodiscard]] std::deque<FunctionId> with_backlog() const;
  void expire(CallPtr call);
  void end_without_event(CallPtr call);
  // A call that is one too many was accepted as any, so that its end is told as any other: it fails
  // here, before it runs.
  [[nodiscard]] std::optional<Error> one_too_many(const Call& call);
  [[nodiscard]] std::optional<Error> refused_by_lineage(const Call& call);
  void end_refused(CallPtr call, Error why);
  void tell_of(const NewCall& successor);  // it waits
  void stop_claimed(CallPtr call);
  void stop_with_tree(CallPtr call, const StoppedTree& tree);
  void settle(CallPtr call, Outcome outcome, Settlement settlement);
  void settle(std::shared_ptr<Settling> settling);
  void on_settled(const std::shared_ptr<Settling>& settling, SettleResult result);
  void settle_again();
  void postpone(const Call& call, const Outcome& outcome, const AfterAttempt& after);
  [[nodiscard]] WallTime due_within_budget(const Call& call, const Outcome& outcome, WallTime due);
  void stop_in_store(FunctionId function, const CallId& id);
  [[nodiscard]] std::string function_name(FunctionId id) const;
  void stopped_while_waiting(FunctionId function, const CallId& id);
  void answer_stops(const CallId& id, StopResult result);
  void written(const CallId& id, SettleResult result);

  const ShardIndex self_;
  const PumpWorld world_;
  Rng rng_;
  Alarm alarm_;
  Queue* queue_ = nullptr;
  Dispatcher* dispatcher_ = nullptr;
  EndWatch* watch_ = nullptr;
  Deliverer* deliverer_ = nullptr;
  std::size_t open_ = 0;
  std::unordered_map<CallId, std::vector<Queue::Stopped>> stops_;  // of calls that are under way
  std::vector<std::shared_ptr<Settling>> without_room_;
  // Whose ready calls the store did not hand out: others were faster, or it cannot. Not asked for
  // again before it says anew that they are ready.
  std::unordered_set<FunctionId> not_handed_out_;
  Expiry expiry_;
  TreeSweep sweep_;
  Pacer pacer_;
  Timer no_room_retry_ = timer_for<&Pump::settle_again>(this);
};

}  // namespace convoke
