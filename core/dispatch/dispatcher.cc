#include "core/dispatch/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace convoke {
namespace {

// A claim of calls whose function is gone: they only have to be told so.
constexpr std::size_t kInvalidBatch = 64;
constexpr std::size_t kOverdueBatch = 64;
// The most calls one claim asks for: bounds a turn's work and what is claimed and not started.
constexpr std::size_t kClaimMax = 256;

Error no_such_function() {
  return Error{ErrorCode::kFunctionNotFound,
               "the function was deleted, or replaced by another of the same name"};
}

Error stopped_by_limit(const Room& room) {
  return Error{ErrorCode::kResourceThrottled,
               fmt::format("Reserve resource exceeded limit: '{}' is stopped, its "
                           "maximumInstanceCount is 0. Raise or delete its on-demand-config",
                           room.function->full_name())};
}

Error without_lease() {
  return Error{ErrorCode::kServiceUnavailable,
               "this engine has not reached the queue's server for too long, and may start nothing "
               "until it does: others may have been told that it has stopped",
               Seconds{1}};
}

Error line_too_long(const Room& room) {
  return Error{ErrorCode::kResourceThrottled,
               fmt::format("Reserve resource exceeded limit: too many calls wait for '{}'",
                           room.function->full_name()),
               Seconds{1}};
}

Error waited_too_long(const Room& room, Duration wait_max) {
  return Error{ErrorCode::kResourceThrottled,
               fmt::format("Reserve resource exceeded limit: no instance of '{}' was free for {} s",
                           room.function->full_name(),
                           std::chrono::duration_cast<Seconds>(wait_max).count()),
               Seconds{1}};
}

}  // namespace

Dispatcher::Dispatcher(const DispatchWorld& world, const DispatchOptions& options)
    : world_(world), options_(options), outbox_(world.mail) {}

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
  if (room->gate->stopped()) return refuse(std::move(call), stopped_by_limit(*room));
  if (!may_start_for_callers()) return refuse(std::move(call), without_lease());

  ShardIndex at;
  if (room->line.empty() && take_any_slot(*room, at)) {
    call->move_to(CallState::kDequeued);
    return run_at(*room, at, std::move(call));
  }
  if (!room->gate->join_line(options_.sync_waiters_max)) {
    return refuse(std::move(call), line_too_long(*room));
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

void Dispatcher::claim_overdue(FunctionId function) {
  Room* const room = room_of(function);
  if (room == nullptr || draining_ || room->claim.under_way) return;
  room->claim.under_way = true;
  backlog_->claim(function, kOverdueBatch);
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

// ---- a slot and a call meet ----

// A function that the directory no longer holds has no room for new calls.
Room* Dispatcher::room_of(FunctionId function) {
  const auto found = rooms_.find(function);
  if (found != rooms_.end()) return found->second->deleted ? nullptr : found->second.get();
  const FunctionPtr current = world_.directory.find_function(function);
  return current ? &room_for(current) : nullptr;
}

Room& Dispatcher::room_for(const FunctionPtr& function) {
  auto& room = rooms_[function->id];
  if (room) return *room;
  const FunctionId id = function->id;
  const auto starting = [this, id] { return rooms_.at(id)->slots_starting; };
  Line line(world_.wheel, options_.sync_wait_max, starting, [this, id](CallPtr call) {
    Room& here = *rooms_.at(id);
    CallPtr late = leave_line(here, std::move(call));
    publish(here);
    refuse(std::move(late), waited_too_long(here, options_.sync_wait_max));
  });
  room = std::make_unique<Room>(function, world_.gates.of(id), outbox_.self(), std::move(line));
  return *room;
}

std::size_t Dispatcher::queued_here(const Room& room) const {
  if (draining_ || room.claim.under_way || room.gate->stopped() || !may_start()) return 0;
  return backlog_->ready(room.function->id);
}

bool Dispatcher::anyone_waits_here(const Room& room) const {
  return !room.line.empty() || queued_here(room) > 0;
}

bool Dispatcher::take_any_slot(Room& room, ShardIndex& at) {
  at = outbox_.self();
  if (room.gate->take_slot(at)) return true;
  const auto elsewhere = room.gate->take_slot_elsewhere(at);
  if (elsewhere) at = *elsewhere;
  return elsewhere.has_value();
}

// Gives what waits here all the slots it can have, then asks for instances, then tells the others.
void Dispatcher::serve(Room& room) {
  do {
    serve_slots(room);
    start_instances(room);
    publish(room);
    // A slot that fell free before we were seen waiting was not offered to us.
  } while (anyone_waits_here(room) && room.gate->any_slot_free());
}

void Dispatcher::serve_slots(Room& room) {
  ShardIndex at;
  while (!room.line.empty() && take_any_slot(room, at)) run_first_in_line(room, at);
  const std::size_t queued = std::min(queued_here(room), kClaimMax);
  while (room.claim.slots.size() < queued && take_any_slot(room, at)) {
    room.claim.slots.push_back(at);
  }
  send_claim(room);
}

void Dispatcher::run_first_in_line(Room& room, ShardIndex at) {
  CallPtr call = leave_line(room, room.line.take_first());
  call->move_to(CallState::kDequeued);
  run_at(room, at, std::move(call));
}

void Dispatcher::send_claim(Room& room) {
  const std::size_t calls = room.claim.slots.size() + room.claim.failures.size();
  if (room.claim.under_way || calls == 0) return;
  room.claim.under_way = true;
  backlog_->claim(room.function->id, calls);
}

void Dispatcher::publish(Room& room) {
  const bool queued = queued_here(room) > 0;
  room.gate->publish(room.self, room.line.first_arrival(),
                     queued ? backlog_->oldest(room.function->id) : kNobodyWaits);
}

// A slot here has fallen free and is kept: it goes to whoever has waited longest, on any shard.
void Dispatcher::grant(Room& room) {
  if (room.pay_owed()) return;
  while (true) {
    const auto waiter = room.gate->next_waiter();
    if (!waiter) {
      room.gate->free_slot(room.self);
      // Somebody may have begun to wait before the slot was to be seen.
      if (!room.gate->next_waiter() || !room.gate->take_slot(room.self)) return;
      continue;
    }
    if (waiter->shard != room.self) {
      return outbox_.post(waiter->shard, SlotOffer{room.function->id, room.self, waiter->kind});
    }
    const bool taken = take_turn(room, waiter->kind, room.self);
    publish(room);
    if (taken) return;
  }
}

// A slot is kept at `at` for what waits here; false when nothing does any more.
bool Dispatcher::take_turn(Room& room, Waiter whose, ShardIndex at) {
  const bool queued = queued_here(room) > 0;
  if (queued && (whose == Waiter::kQueued || room.line.empty())) {
    room.claim.slots.push_back(at);
    send_claim(room);
    return true;
  }
  if (room.line.empty()) return false;
  run_first_in_line(room, at);
  return true;
}

// A kept slot is not needed after all.
void Dispatcher::let_go(Room& room, ShardIndex at) {
  if (at == room.self) return grant(room);
  outbox_.post(at, SlotReturned{room.function->id});
}

void Dispatcher::run_at(Room& room, ShardIndex at, CallPtr call) {
  if (at == room.self) return run_here(room, std::move(call));
  ++counters_.moved;
  outbox_.post(at, MovedCall{std::move(call)});
}

void Dispatcher::run_here(Room& room, CallPtr call) {
  if (room.pay_owed()) return bounce(std::move(call));
  if (room.gate->stopped()) {
    grant(room);
    if (call->asynchronous()) return bounce(std::move(call));
    return refuse(std::move(call), stopped_by_limit(room));
  }
  const bool claimed = call->asynchronous();
  if (!may_start_for_callers()) {
    empty_line(room, without_lease());
    grant(room);
    if (claimed) return bounce(std::move(call));
    return refuse(std::move(call), without_lease());
  }
  if (claimed && !may_start()) {
    grant(room);
    return bounce(std::move(call));
  }
  // Others may be running it by now.
  if (claimed && !world_.lease.holds_claims_of(call->home, world_.clock.now())) {
    grant(room);
    return bounce(std::move(call));
  }
  Host* host = room.host_for(call->id);
  if (host == nullptr) {
    // Only an earlier attempt of the same call can stand in the way: try again later.
    ENSURE(call->asynchronous());
    grant(room);
    return refuse(std::move(call), line_too_long(room));
  }
  ++counters_.started;
  host->run(std::move(call));
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
  if (room->gate->stopped()) return refuse(std::move(call), stopped_by_limit(*room));
  if (cut_) return refuse(std::move(call), shutting_down());
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
