// Where a slot and a call meet.
#include <algorithm>
#include <utility>

#include "core/dispatch/dispatcher.h"
#include "core/dispatch/refusal.h"
#include "core/guard/lineage_guard.h"

namespace convoke {
namespace {

// The most calls one claim asks for: bounds a turn's work and what is claimed and not started.
constexpr std::size_t kClaimMax = 256;

}  // namespace

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
    refuse(std::move(late), waited_too_long(*here.function, options_.sync_wait_max));
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
    // What fell free before we were seen waiting was not offered to us.
  } while (anyone_waits_here(room) && (room.gate->any_slot_free() || can_start_instance(room)));
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
    return refuse(std::move(call), is_stopped(world_.directory, *room.function));
  }
  if (const StoppedTree* tree = world_.directory.stopped_tree(call->root())) {
    grant(room);
    return stop_unstarted(std::move(call), *tree);
  }
  const bool claimed = call->asynchronous();
  if (!may_start_for_callers()) {
    empty_line(room, without_lease());
    grant(room);
    if (claimed) return bounce(std::move(call));
    return refuse(std::move(call), without_lease());
  }
  // Without its shard's lease others may be running it by now.
  const bool ours = may_start() && world_.lease.holds_claims_of(call->home, world_.clock.now());
  if (claimed && !ours) {
    grant(room);
    return bounce(std::move(call));
  }
  Host* host = room.host_for(call->id);
  if (host == nullptr) {
    // Only an earlier attempt of the same call can stand in the way: try again later.
    ENSURE(call->asynchronous());
    grant(room);
    return refuse(std::move(call), line_too_long(*room.function));
  }
  if (auto spent = charge(room, *call)) {
    grant(room);
    return refuse(std::move(call), *std::move(spent));
  }
  ++counters_.started;
  host->run(std::move(call));
}

std::optional<Error> Dispatcher::charge(const Room& room, const Call& call) {
  if (world_.guard == nullptr || !call.lineage) return std::nullopt;
  return world_.guard->begin({call.id, *call.lineage, *room.function}, attempting(call));
}

}  // namespace convoke
