#include "core/dispatch/dispatcher.h"

#include <utility>

#include "core/dispatch/refusal.h"

namespace convoke {
namespace {

// A claim of calls whose function is gone: they only have to be told so.
constexpr std::size_t kInvalidBatch = 64;
constexpr std::size_t kToEndBatch = 64;

}  // namespace

Dispatcher::Dispatcher(const DispatchWorld& world, const DispatchOptions& options)
    : world_(world), options_(options), outbox_(world.mail), endings_(world.clock, world.wheel) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::attach(CallOwner& callers, CallOwner& queued, Backlog& backlog) {
  callers_ = &callers;
  queued_ = &queued;
  backlog_ = &backlog;
}

// ---- calls come in ----

void Dispatcher::submit(CallPtr call) {
  Room* room = room_of(call->function);
  if (room == nullptr) return refuse(std::move(call), no_such_function());
  if (room->gate->stopped())
    return refuse(std::move(call), is_stopped(world_.directory, *room->function));
  if (!may_start_for_callers()) return refuse(std::move(call), without_lease());

  ShardIndex at;
  if (room->line.empty() && take_any_slot(*room, at)) {
    call->move_to(CallState::kDequeued);
    return run_at(*room, at, std::move(call));
  }
  if (!room->gate->join_line(options_.sync_waiters_max)) {
    return refuse(std::move(call), line_too_long(*room->function));
  }
  room->line.add(std::move(call));
  serve(*room);
}

bool Dispatcher::cancel(FunctionId function, const CallId& id) {
  const auto found = rooms_.find(function);
  if (found == rooms_.end()) return false;
  CallPtr call = found->second->line.take(id);
  if (!call) return false;
  found->second->gate->leave_line();
  publish(*found->second);
  return true;
}

void Dispatcher::stop_call(FunctionId function, const CallId& id) {
  StopCall here{function, id};
  open(here);
  for (std::uint16_t i = 0; i < outbox_.shards(); ++i) {
    if (ShardIndex{i} != outbox_.self()) outbox_.post(ShardIndex{i}, StopCall{function, id});
  }
}

void Dispatcher::on_backlog(FunctionId function) {
  if (Room* room = room_of(function)) return serve(*room);
  claim_invalid(function);
}

void Dispatcher::on_lease() {
  std::vector<FunctionId> functions;
  for (const auto& [function, room] : rooms_) functions.push_back(function);
  for (const FunctionId function : functions) on_backlog(function);
}

bool Dispatcher::claim_to_end(FunctionId function) {
  Room* const room = room_of(function);
  if (room == nullptr || draining_) return false;
  if (room->claim.under_way) return true;
  room->claim.under_way = true;
  backlog_->claim(function, kToEndBatch);
  return true;
}

// What is queued for a function that is gone.
void Dispatcher::claim_invalid(FunctionId function) {
  if (!draining_) backlog_->claim(function, kInvalidBatch);
}

void Dispatcher::on_claimed(FunctionId function, std::vector<CallPtr> calls) {
  const auto found = rooms_.find(function);
  if (found == rooms_.end() || found->second->deleted) {
    for (CallPtr& call : calls) refuse(std::move(call), no_such_function());
    calls.clear();
  }
  if (found == rooms_.end()) return;
  Room& room = *found->second;
  Room::Claim claim = std::exchange(room.claim, {});
  for (CallPtr& call : calls) {
    if (!claim.failures.empty()) {
      Outcome outcome;
      outcome.kind = Outcome::Kind::kNotStarted;
      outcome.error = std::move(claim.failures.back());
      claim.failures.pop_back();
      finish(std::move(call), std::move(outcome));
    } else if (!claim.slots.empty()) {
      const ShardIndex at = claim.slots.back();
      claim.slots.pop_back();
      run_at(room, at, std::move(call));
    } else {
      bounce(std::move(call));
    }
  }
  for (const ShardIndex at : claim.slots) let_go(room, at);
  if (!room.deleted) serve(room);
}

// ---- calls go out ----

// The slot that was kept for it is gone: back to where it waited.
void Dispatcher::bounce(CallPtr call) {
  ++counters_.bounced;
  Outcome outcome;
  outcome.kind = Outcome::Kind::kBounced;
  finish(std::move(call), std::move(outcome));
}

// A synchronous call that has not begun.
void Dispatcher::bounced(CallPtr call, Outcome outcome) {
  if (!outcome.error || ++call->instances_lost < kInstancesLostMax) {
    return back_in_line(std::move(call));
  }
  outcome.kind = Outcome::Kind::kLost;
  callers_->on_finished(std::move(call), std::move(outcome));
}

void Dispatcher::back_in_line(CallPtr call) {
  Room* room = room_of(call->function);
  if (room == nullptr) return refuse(std::move(call), no_such_function());
  if (room->gate->stopped())
    return refuse(std::move(call), is_stopped(world_.directory, *room->function));
  if (cut_) return refuse(std::move(call), shutting_down());
  if (const StoppedTree* tree = world_.directory.stopped_tree(call->root())) {
    return stop_unstarted(std::move(call), *tree);
  }
  call->move_to(CallState::kEnqueued);
  (void)room->gate->join_line(kUnlimited);
  room->line.add(std::move(call));
  serve(*room);
}

CallPtr Dispatcher::leave_line(Room& room, CallPtr call) {
  room.gate->leave_line();
  return call;
}

void Dispatcher::empty_line(Room& room, const Error& why) {
  while (!room.line.empty()) refuse(leave_line(room, room.line.take_first()), why);
}

void Dispatcher::refuse(CallPtr call, Error error) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kRefused;
  outcome.error = std::move(error);
  finish(std::move(call), std::move(outcome));
}

void Dispatcher::finish(CallPtr call, Outcome outcome) {
  const ShardIndex home = call->home;
  if (home == outbox_.self()) return deliver(std::move(call), std::move(outcome));
  outbox_.post(home, Finished{std::move(call), std::move(outcome)});
}

void Dispatcher::deliver(CallPtr call, Outcome outcome) {
  if (call->asynchronous()) return queued_->on_finished(std::move(call), std::move(outcome));
  if (outcome.kind == Outcome::Kind::kBounced) {
    return bounced(std::move(call), std::move(outcome));
  }
  callers_->on_finished(std::move(call), std::move(outcome));
}

// ---- letters ----

void Dispatcher::on_letter(Letter letter) {
  std::visit([this](auto& opened) { open(opened); }, letter);
}

void Dispatcher::open(MovedCall& letter) {
  const auto found = rooms_.find(letter.call->function);
  if (found == rooms_.end()) return bounce(std::move(letter.call));
  run_here(*found->second, std::move(letter.call));
}

void Dispatcher::open(SlotOffer& letter) {
  const auto found = rooms_.find(letter.function);
  const bool taken = found != rooms_.end() && take_turn(*found->second, letter.waiter, letter.from);
  if (!taken) outbox_.post(letter.from, SlotReturned{letter.function});
  if (found != rooms_.end()) publish(*found->second);
}

void Dispatcher::open(SlotReturned& letter) {
  const auto found = rooms_.find(letter.function);
  if (found != rooms_.end()) grant(*found->second);
}

void Dispatcher::open(Finished& letter) {
  deliver(std::move(letter.call), std::move(letter.outcome));
}

void Dispatcher::open(Started& letter) {
  queued_->on_started(letter.receipt, letter.at, letter.instance_id);
}

void Dispatcher::open(StopCall& letter) {
  const auto found = rooms_.find(letter.function);
  if (found == rooms_.end()) return;
  for (Host* host : hosts_of(*found->second)) {
    if (host->end_call(letter.id)) return;
  }
}

bool Dispatcher::end_of_turn() {
  gone_.clear();
  return outbox_.flush();
}

}  // namespace convoke
