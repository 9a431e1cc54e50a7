// One instance of a function and the calls inside it: who may enter, when each must be out.
//
//   starting --on_ready--> open --leave()--> leaving (takes no new call) --empty--> stopping -->
//   gone
//
// At a call's deadline its caller has the timeout at once. An instance that held only that call is
// stopped; one with neighbours leaves: they run to their own ends, then it is stopped. An
// in-process instance is not stopped: the slot stays taken until its call-back comes.
//
// Threads: one shard's. Events run from the instance's callbacks and from the wheel. The events'
// receiver may not destroy the Host from inside one; on_host_gone is the last.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/call.h"
#include "core/dispatch/host_places.h"
#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "workers/worker.h"

namespace convoke {

class Host;

class HostEvents {
 public:
  virtual ~HostEvents() = default;
  virtual void on_host_open(Host& host) = 0;                               // all its slots are free
  virtual void on_slot_free(Host& host) = 0;                               // of an open host
  virtual void on_host_leaving(Host& host, std::uint32_t free_slots) = 0;  // which are no more
  virtual void on_host_idle(Host& host) = 0;  // open and empty for idle_max
  virtual void on_call_started(const Call& call, const std::string& instance_id) = 0;  // stateful
  virtual void on_call_ended(CallPtr call, Outcome outcome) = 0;
  virtual void on_host_gone(Host& host, const Gone& gone) = 0;
};

class Host final : public InstanceListener {
 public:
  Host(FunctionPtr function, TimerWheel& wheel, const Clock& clock, Duration idle_max,
       HostEvents& events, const LineageWorld& lineage = {});
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void start(Workers& workers);
  void run(CallPtr call);  // open, with a free slot, and may_take(call->id)
  void leave();            // idempotent; an empty host stops at once
  void stop(StopHow how);  // leaves, and ends what is inside
  // The same, for a reason that the owners of its calls hear; what runs loses nothing by it but its
  // time.
  void end(Error why);
  // Ends one call: its process is stopped, and its owner hears kStopped when that is dead, unless
  // the function answers first. With neighbours inside (or in process) its owner hears so at once,
  // and the instance leaves. False: it is not here.
  [[nodiscard]] bool end_call(const CallId& id);
  // Ends all calls of that tree, whose owners hear `why`; how many. An instance that holds no other
  // is stopped; else these stay where they are, as calls past their deadlines do, until the others
  // have come out.
  std::uint32_t end_tree(const CallId& root, const Error& why);

  [[nodiscard]] bool starting() const { return phase_ == Phase::kStarting; }
  [[nodiscard]] bool open() const { return phase_ == Phase::kOpen; }
  [[nodiscard]] bool has_opened() const { return has_opened_; }
  // Will be gone by itself, and soon.
  [[nodiscard]] bool going() const { return phase_ == Phase::kStopping && runs_.empty(); }
  [[nodiscard]] bool stopping() const { return phase_ == Phase::kStopping; }
  [[nodiscard]] bool idle() const { return open() && runs_.empty(); }
  [[nodiscard]] std::uint32_t slots() const { return function_->spec.instance_concurrency; }
  [[nodiscard]] std::uint32_t free_slots() const;
  // An earlier attempt of the same call may still be inside, timed out: the two must not meet.
  [[nodiscard]] bool may_take(const CallId& id) const;
  [[nodiscard]] std::size_t calls_inside() const { return runs_.size(); }
  [[nodiscard]] std::uint32_t calls_unanswered() const;
  void add_inside(std::vector<CallId>& ids) const;  // answered ones too, until they come out
  [[nodiscard]] Instant idle_since() const { return idle_since_; }
  [[nodiscard]] const FunctionPtr& function() const { return function_; }

  [[nodiscard]] bool in_process() const { return function_->spec.runtime == Runtime::kInProcess; }

  [[nodiscard]] std::optional<CarriedLineage> lineage_before_calls() override {
    return places_.before_calls();
  }
  void on_ready() override;
  void on_reply(const CallId& id, Reply reply) override;
  void on_gone(const Gone& gone) override;

 private:
  enum class Phase : std::uint8_t { kStarting, kOpen, kLeaving, kStopping, kGone };

  struct Run {
    Run(Host& owner, CallPtr entered, Instant now)
        : host(owner),
          call(std::move(entered)),
          id(call->id),
          started(now),
          deadline(timer_for<&Run::past_deadline>(this)) {}
    void past_deadline() { host.on_deadline(*this); }
    Host& host;
    CallPtr call;  // nullptr once its caller has been answered
    CallId id;
    Instant started;
    PlaceTag place;
    Timer deadline;
    std::optional<Error> stopped;  // by request: its process is being ended
  };

  void on_deadline(Run& run);
  void abandon(Run& run, Outcome outcome);
  void answer(Run& run, Outcome outcome);
  void end_run(Run& run, Error why);
  [[nodiscard]] Outcome stopped_outcome(const Run& run, Error why) const;
  [[nodiscard]] Outcome outcome_of(const Run& run, Outcome::Kind kind) const;
  // A process that holds only timed-out calls is of no more use; a callable may yet call back.
  [[nodiscard]] bool all_answered() const { return calls_unanswered() == 0; }
  void give_up();
  void became_idle();
  void reap();

  const FunctionPtr function_;
  TimerWheel& wheel_;
  const Clock& clock_;
  const Duration idle_max_;
  HostEvents& events_;
  HostPlaces places_;
  std::unique_ptr<Instance> instance_;
  Phase phase_ = Phase::kStarting;
  std::optional<Error> ended_;
  bool has_opened_ = false;
  std::vector<std::unique_ptr<Run>> runs_;
  Instant idle_since_{};
  Timer idle_timer_;
};

}  // namespace convoke
