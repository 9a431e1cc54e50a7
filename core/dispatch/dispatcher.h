// Which call runs on which instance, or why not: one per shard.
//
// A call takes the first of: a free slot here; a free slot of a live instance on another shard (it
// moves, whole, by mailbox); a new instance here, if the limits allow; a place in the function's
// line, which is one for the engine. A slot that falls free goes to the call that has waited
// longest on any shard (core/guard/gate.h says whose turn it is).
//
// Threads: shard thread only; the gates are what shards share. Outcomes are delivered to the call's
// owner on its home shard exactly once, perhaps from inside submit() or on_claimed().
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/dispatch/backlog.h"
#include "core/dispatch/call.h"
#include "core/dispatch/endings.h"
#include "core/dispatch/host.h"
#include "core/dispatch/outbox.h"
#include "core/dispatch/room.h"
#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/guard/engine_lease.h"
#include "core/guard/gate.h"
#include "core/guard/place_source.h"
#include "core/registry/directory.h"
#include "workers/worker.h"

namespace convoke {

// A synchronous call is given to so many instances that go before they have read it; then its
// caller is told. A function whose instances always do would keep its callers for ever.
inline constexpr std::uint32_t kInstancesLostMax = 10;

struct DispatchOptions {
  Duration sync_wait_max = Seconds{30};     // in line, before 429
  std::uint32_t sync_waiters_max = 10'000;  // per function, on all shards together
  Duration idle_max = Seconds{300};         // an instance without calls is stopped
  // Instances that may be starting at once on a shard: a burst of calls finds the first ones ready
  // before it has started hundreds.
  std::uint32_t starts_max = 4;
};

class LineageGuard;

// Everything outside that the dispatcher uses. All outlive it.
struct DispatchWorld {
  const Clock& clock;
  TimerWheel& wheel;
  Workers& workers;
  GateTable& gates;
  AccountPlaces& account;
  const EngineLease& lease;
  const Directory& directory;
  Mail<Letter>& mail;
  LineageWorld lineage = {};      // none: calls carry none
  LineageGuard* guard = nullptr;  // null: attempts are charged to nobody
};

// Counted since start; read on the shard's thread.
struct DispatchCounters {
  std::uint64_t started = 0;  // calls handed to an instance here
  std::uint64_t moved = 0;    // calls sent to a slot on another shard
  std::uint64_t bounced = 0;  // calls whose kept slot was gone
};

class Dispatcher final : private HostEvents {
 public:
  Dispatcher(const DispatchWorld& world, const DispatchOptions& options);
  ~Dispatcher() override;

  // Before the first call.
  void attach(CallOwner& callers, CallOwner& queued, Backlog& backlog);

  // Where limits are shared with other engines. Before the first call; outlives all of them.
  void ask_for_places(PlaceSource& source) { more_places_ = &source; }

  // A synchronous call, admitted. It waits for a slot as the options say, or is refused.
  void submit(CallPtr call);
  // Its caller has gone. A call still in line is taken out and dropped: true. One that has started
  // runs to its end.
  bool cancel(FunctionId function, const CallId& id);

  // Ends that call wherever it runs; its owner hears kStopped. One that is on its way to its
  // instance is met there.
  void stop_call(FunctionId function, const CallId& id);

  // The store has ready calls of this function.
  void on_backlog(FunctionId function);
  // Some of the oldest are to end, as too old or otherwise: they are claimed though nothing may run
  // them. Those that are not go back to their places. False: nothing will be claimed.
  bool claim_to_end(FunctionId function);
  // The answer to Backlog::claim.
  void on_claimed(FunctionId function, std::vector<CallPtr> calls);

  void on_letter(Letter letter);
  bool end_of_turn();  // true: turn again soon

  // The directory has changed. Instances of older revisions take no new call.
  void on_function(const FunctionPtr& function);
  void on_function_gone(FunctionId function);
  // The engine may start calls again.
  void on_lease();
  // The gate has a new limit: instances beyond it go. At 0 nothing of the function starts any more,
  // and what runs is ended now, or runs to its end where a kill switch drains.
  void on_limit(FunctionId function);
  void on_switch(const SwitchScope& scope);  // the same for all that it covers
  // A tree was stopped: what runs of it here is ended, and who waits is refused. From here on
  // nothing of it starts.
  void on_tree_stopped(const StoppedTree& tree);
  // Runs once, now or later: when what was ended so far by limits, switches and stops of trees is
  // dead.
  void when_ended(Endings::Over over) { endings_.when_over(std::move(over)); }

  // Queued calls stay where they are from now on; callers in line are still served.
  void drain();
  // Ends what still runs: each call's owner hears kLost. Returns how many calls were cut.
  std::size_t cut();
  [[nodiscard]] std::size_t calls_here() const;  // running or in line on this shard
  [[nodiscard]] std::size_t instances() const;
  // Something is under way here that goes on by itself, calls inside instances not counted: an
  // instance starts or ends, the store was asked for calls.
  [[nodiscard]] bool moving() const;
  [[nodiscard]] std::vector<CallId> inside() const;            // calls that instances here hold
  [[nodiscard]] std::vector<std::string> code_in_use() const;  // directories, perhaps repeated
  [[nodiscard]] const DispatchCounters& counters() const { return counters_; }

 private:
  // Matching calls and slots (matching.cc), and what becomes of calls (dispatcher.cc).
  [[nodiscard]] Room* room_of(FunctionId function);
  [[nodiscard]] Room& room_for(const FunctionPtr& function);
  [[nodiscard]] bool may_start() const { return world_.lease.holds(world_.clock.now()); }
  // The same for a call whose caller waits.
  [[nodiscard]] bool may_start_for_callers() const {
    return world_.lease.allows_callers(outbox_.self(), world_.clock.now());
  }
  [[nodiscard]] std::size_t queued_here(const Room& room) const;
  [[nodiscard]] bool anyone_waits_here(const Room& room) const;
  void claim_invalid(FunctionId function);
  [[nodiscard]] bool take_any_slot(Room& room, ShardIndex& at);
  void serve(Room& room);
  void serve_slots(Room& room);
  void run_first_in_line(Room& room, ShardIndex at);
  void send_claim(Room& room);
  void publish(Room& room);
  void grant(Room& room);
  [[nodiscard]] bool take_turn(Room& room, Waiter whose, ShardIndex at);
  void let_go(Room& room, ShardIndex at);
  void run_at(Room& room, ShardIndex at, CallPtr call);  // a slot is kept for it there
  void run_here(Room& room, CallPtr call);
  [[nodiscard]] std::optional<Error> charge(const Room& room, const Call& call);
  void bounce(CallPtr call);
  void bounced(CallPtr call, Outcome outcome);
  void back_in_line(CallPtr call);
  void empty_line(Room& room, const Error& why);
  void end_tree(Room& room, const StoppedTree& tree);
  void stop_unstarted(CallPtr call, const StoppedTree& tree);
  CallPtr leave_line(Room& room, CallPtr call);
  void finish(CallPtr call, Outcome outcome);
  void deliver(CallPtr call, Outcome outcome);
  void refuse(CallPtr call, Error error);
  [[nodiscard]] static Error shutting_down();

  // Instances (fleet.cc).
  void start_instances(Room& room);
  [[nodiscard]] bool wants_instance(const Room& room) const;
  [[nodiscard]] bool can_start_instance(const Room& room) const;
  [[nodiscard]] bool take_places(Room& room);
  void start_one(Room& room);
  void start_held_back();
  void retire_longest_idle();
  void fail_waiter(Room& room, const Error& error);
  void forget_host(Room& room, Host& host);
  void wake_for_place(Room& room);
  void drop_if_empty(FunctionId function);
  void open_in_process(const FunctionPtr& function);
  [[nodiscard]] static std::vector<Host*> hosts_of(const Room& room);
  void stop_all(Room& room);

  void on_host_open(Host& host) override;
  void on_slot_free(Host& host) override;
  void on_host_leaving(Host& host, std::uint32_t free_slots) override;
  void on_host_idle(Host& host) override;
  void on_call_started(const Call& call, const std::string& instance_id) override;
  void on_call_ended(CallPtr call, Outcome outcome) override;
  void on_host_gone(Host& host, const Gone& gone) override;

  // Letters (dispatcher.cc).
  void open(MovedCall& letter);
  void open(SlotOffer& letter);
  void open(SlotReturned& letter);
  void open(Finished& letter);
  void open(Started& letter);
  void open(StopCall& letter);
  void open(PlaceFree& letter);
  void open(AccountPlaceFree& letter);
  void open(GiveUpIdle& letter);

  const DispatchWorld world_;
  const DispatchOptions options_;
  Outbox outbox_;
  CallOwner* callers_ = nullptr;
  CallOwner* queued_ = nullptr;
  Backlog* backlog_ = nullptr;
  PlaceSource* more_places_ = nullptr;
  std::unordered_map<FunctionId, std::unique_ptr<Room>> rooms_;
  std::vector<std::unique_ptr<Host>> gone_;  // freed when the turn ends
  std::deque<FunctionId> held_back_;         // wait for one of starts_max
  Endings endings_;
  std::uint32_t starting_ = 0;
  bool draining_ = false;
  bool cut_ = false;
  DispatchCounters counters_;
};

}  // namespace convoke
