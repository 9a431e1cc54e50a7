// The dispatcher's other half: when instances start, leave and are replaced.
#include <algorithm>
#include <utility>

#include "core/dispatch/dispatcher.h"
#include "core/dispatch/refusal.h"
#include "core/dispatch/retry.h"
#include "core/guard/lineage_guard.h"
#include "core/registry/stopping.h"

namespace convoke {
namespace {

// Of the account's instances, the share that one function may have (Function Compute: 90 %).
constexpr std::uint32_t share_of_one(std::uint32_t account_max) {
  return std::max<std::uint32_t>(1, account_max / 10 * 9);
}

}  // namespace

// ---- starting ----

bool Dispatcher::wants_instance(const Room& room) const {
  return room.slots_starting < room.line.size() + queued_here(room);
}

// As the limits stand now: others may be faster.
bool Dispatcher::can_start_instance(const Room& room) const {
  const std::uint32_t places = room.gate->places();
  return !room.deleted && wants_instance(room) && starting_ < options_.starts_max &&
         places < room.gate->allowed() && places < share_of_one(world_.account.max()) &&
         world_.account.used() < world_.account.max();
}

// As many as what waits here can use at once, within the limits.
void Dispatcher::start_instances(Room& room) {
  if (room.deleted) return;
  while (wants_instance(room)) {
    if (starting_ >= options_.starts_max) {
      const FunctionId id = room.function->id;
      if (std::find(held_back_.begin(), held_back_.end(), id) == held_back_.end()) {
        held_back_.push_back(id);
      }
      return;
    }
    if (!take_places(room)) return;
    start_one(room);
  }
}

bool Dispatcher::take_places(Room& room) {
  if (room.gate->places() >= share_of_one(world_.account.max())) return false;
  if (!room.gate->take_place()) {
    if (more_places_ != nullptr && room.gate->short_of_share() && room.gate->begin_to_want()) {
      more_places_->want(room.function->id);
    }
    return false;
  }
  if (world_.account.take()) return true;
  room.gate->leave_place();
  world_.account.wait_for_place(room.self);
  retire_longest_idle();
  for (std::uint16_t i = 0; i < outbox_.shards(); ++i) {
    if (i != room.self.value) outbox_.post(ShardIndex{i}, GiveUpIdle{});
  }
  return false;
}

void Dispatcher::start_one(Room& room) {
  ++starting_;
  room.slots_starting += room.function->spec.instance_concurrency;
  HostEvents& events = *this;
  room.hosts.push_back(std::make_unique<Host>(room.function, world_.wheel, world_.clock,
                                              options_.idle_max, events, world_.lineage));
  room.hosts.back()->start(world_.workers);
}

void Dispatcher::start_held_back() {
  std::deque<FunctionId> waiting = std::exchange(held_back_, {});
  for (const FunctionId id : waiting) {
    const auto found = rooms_.find(id);
    if (found != rooms_.end() && !found->second->deleted) serve(*found->second);
  }
}

void Dispatcher::on_host_open(Host& host) {
  Room& room = *rooms_.at(host.function()->id);
  --starting_;
  room.slots_starting -= host.slots();
  for (std::uint32_t i = 0; i < host.slots(); ++i) grant(room);
  start_held_back();
}

// ---- leaving ----

void Dispatcher::on_slot_free(Host& host) {
  Room& room = *rooms_.at(host.function()->id);
  if (host.idle() && room.gate->places() > room.gate->allowed()) {
    room.gate->free_slot(room.self);
    return host.leave();
  }
  grant(room);
}

void Dispatcher::on_host_leaving(Host& host, std::uint32_t free_slots) {
  rooms_.at(host.function()->id)->withdraw(free_slots);
}

void Dispatcher::on_host_idle(Host& host) { host.leave(); }

void Dispatcher::on_call_started(const Call& call, const std::string& instance_id) {
  const Receipt& receipt = call.lease->receipt;
  const WallTime now = std::max(world_.clock.wall(), call.lease->dequeued);
  if (call.home == outbox_.self()) return queued_->on_started(receipt, now, instance_id);
  outbox_.post(call.home, Started{receipt, now, instance_id});
}

void Dispatcher::on_call_ended(CallPtr call, Outcome outcome) {
  if (world_.guard != nullptr && call->lineage) {
    const TreeState how = succeeded(outcome) ? TreeState::kSucceeded : TreeState::kFailed;
    world_.guard->end({call->id, *call->lineage, *outcome.function}, how, outcome.duration);
  }
  finish(std::move(call), std::move(outcome));
}

void Dispatcher::on_host_gone(Host& host, const Gone& gone) {
  const FunctionId id = host.function()->id;
  Room& room = *rooms_.at(id);
  if (!host.has_opened()) {
    --starting_;
    room.slots_starting -= host.slots();
  }
  endings_.on_gone(host);
  forget_host(room, host);
  room.gate->leave_place();
  world_.account.leave();
  if (gone.reason == GoneReason::kStartFailed) fail_waiter(room, gone.error);
  wake_for_place(room);
  if (!room.deleted) serve(room);
  start_held_back();
  drop_if_empty(id);
}

void Dispatcher::forget_host(Room& room, Host& host) {
  const auto found = std::find_if(room.hosts.begin(), room.hosts.end(),
                                  [&](const auto& owned) { return owned.get() == &host; });
  ENSURE(found != room.hosts.end());
  gone_.push_back(std::move(*found));
  room.hosts.erase(found);
}

// An instance that was started for somebody could not be: the first of them is told why. The
// others have their own instances coming, or are told in their turn.
void Dispatcher::fail_waiter(Room& room, const Error& error) {
  if (!room.line.empty()) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::kNotStarted;
    outcome.error = error;
    outcome.function = room.function;
    finish(leave_line(room, room.line.take_first()), std::move(outcome));
  } else if (queued_here(room) > 0) {
    room.claim.failures.push_back(error);
    send_claim(room);
  }
}

void Dispatcher::wake_for_place(Room& room) {
  for (std::uint16_t i = 0; i < outbox_.shards(); ++i) {
    const ShardIndex shard{i};
    if (shard != room.self && room.gate->waits(shard)) {
      outbox_.post(shard, PlaceFree{room.function->id});
    }
  }
  const std::uint64_t waiting = world_.account.take_waiting();
  for (std::uint16_t i = 0; i < outbox_.shards(); ++i) {
    if ((waiting >> i) & 1U) outbox_.post(ShardIndex{i}, AccountPlaceFree{});
  }
}

void Dispatcher::open(PlaceFree& letter) {
  const auto found = rooms_.find(letter.function);
  if (found != rooms_.end() && !found->second->deleted) serve(*found->second);
}

void Dispatcher::open(AccountPlaceFree&) {
  std::vector<FunctionId> waiting;
  for (const auto& [id, room] : rooms_) {
    if (!room->deleted && anyone_waits_here(*room)) waiting.push_back(id);
  }
  for (const FunctionId id : waiting) {
    const auto found = rooms_.find(id);
    if (found != rooms_.end()) serve(*found->second);
  }
}

void Dispatcher::open(GiveUpIdle&) { retire_longest_idle(); }

void Dispatcher::retire_longest_idle() {
  Host* longest = nullptr;
  for (const auto& [id, room] : rooms_) {
    for (const auto& host : room->hosts) {
      // One whose slots are kept for calls on their way is not idle for long, and to let it go
      // would only make them start another: two functions could do so to each other for ever.
      if (!host->idle() || room->gate->free_slots(room->self) < host->slots()) continue;
      if (longest == nullptr || host->idle_since() < longest->idle_since()) longest = host.get();
    }
  }
  if (longest != nullptr) longest->leave();
}

// ---- the registry changes ----

void Dispatcher::on_function(const FunctionPtr& function) {
  const auto found = rooms_.find(function->id);
  if (found == rooms_.end()) {
    if (function->spec.runtime == Runtime::kInProcess) open_in_process(function);
    return;
  }
  Room& room = *found->second;
  room.function = function;
  for (Host* host : hosts_of(room)) {
    if (host->function()->revision != function->revision) host->leave();
  }
  serve(room);
}

// Callables are part of the program: every shard has its own from the start, so that no call has to
// cross for one.
void Dispatcher::open_in_process(const FunctionPtr& function) {
  Room& room = room_for(function);
  if (take_places(room)) start_one(room);
}

void Dispatcher::on_function_gone(FunctionId function) {
  const auto found = rooms_.find(function);
  if (found == rooms_.end()) return;
  Room& room = *found->second;
  room.deleted = true;
  room.gate->publish(room.self, kNobodyWaits, kNobodyWaits);
  empty_line(room, Error{ErrorCode::kFunctionNotFound, "the function was deleted"});
  for (Host* host : hosts_of(room)) host->leave();
  // A claim under way brings the first of them, and news of the rest.
  if (!room.claim.under_way && backlog_->ready(function) > 0) claim_invalid(function);
  drop_if_empty(function);
}

void Dispatcher::on_limit(FunctionId function) {
  const auto found = rooms_.find(function);
  if (found == rooms_.end()) return;
  Room& room = *found->second;
  if (room.gate->stopped()) return stop_all(room);
  const std::uint32_t places = room.gate->places();
  std::uint32_t beyond = places - std::min(places, room.gate->allowed());
  for (Host* host : hosts_of(room)) {
    const bool spare = host->idle() || host->starting();
    if (!spare || host->going() || beyond == 0) continue;
    --beyond;
    host->leave();
  }
  serve(room);
}

void Dispatcher::on_switch(const SwitchScope& scope) {
  std::vector<FunctionId> covered;
  for (const auto& [id, room] : rooms_) {
    const FunctionSpec& spec = room->function->spec;
    if (scope.covers(spec.service, spec.name)) covered.push_back(id);
  }
  for (const FunctionId id : covered) on_limit(id);
}

// Whoever waits is told so. A callable cannot be ended from outside: nobody waits for one.
void Dispatcher::stop_all(Room& room) {
  publish(room);
  const Error why = is_stopped(world_.directory, *room.function);
  empty_line(room, why);
  const bool ends = ends_what_runs(world_.directory, *room.function);
  for (Host* host : hosts_of(room)) {
    if (!ends) {
      host->leave();
      continue;
    }
    if (host->in_process()) {
      host->stop(StopHow::kGraceful);
      continue;
    }
    endings_.add(*host, host->calls_unanswered());
    host->end(why);
  }
}

std::vector<Host*> Dispatcher::hosts_of(const Room& room) {
  std::vector<Host*> hosts;
  for (const auto& host : room.hosts) hosts.push_back(host.get());
  return hosts;
}

void Dispatcher::drop_if_empty(FunctionId function) {
  const auto found = rooms_.find(function);
  if (found != rooms_.end() && found->second->deleted && found->second->empty())
    rooms_.erase(found);
}

// ---- the engine ends ----

void Dispatcher::drain() {
  draining_ = true;
  for (const auto& [id, room] : rooms_) publish(*room);
}

Error Dispatcher::shutting_down() {
  return Error{ErrorCode::kServiceUnavailable, "the engine is shutting down"};
}

std::size_t Dispatcher::cut() {
  cut_ = true;
  std::size_t calls = 0;
  std::vector<FunctionId> all;
  for (const auto& [id, room] : rooms_) all.push_back(id);
  for (const FunctionId id : all) {
    Room& room = *rooms_.at(id);
    calls += room.line.size();
    empty_line(room, shutting_down());
    for (Host* host : hosts_of(room)) {
      calls += host->calls_inside();
      host->stop(StopHow::kKill);
    }
  }
  return calls;
}

std::size_t Dispatcher::calls_here() const {
  std::size_t calls = 0;
  for (const auto& [id, room] : rooms_) {
    calls += room->line.size();
    for (const auto& host : room->hosts) calls += host->calls_inside();
  }
  return calls;
}

std::size_t Dispatcher::instances() const {
  std::size_t count = 0;
  for (const auto& [id, room] : rooms_) count += room->hosts.size();
  return count;
}

bool Dispatcher::moving() const {
  const auto moves = [](const std::unique_ptr<Host>& host) {
    return host->starting() || host->going();
  };
  return std::any_of(rooms_.begin(), rooms_.end(), [&](const auto& entry) {
    const Room& room = *entry.second;
    return room.claim.under_way || std::any_of(room.hosts.begin(), room.hosts.end(), moves);
  });
}

std::vector<CallId> Dispatcher::inside() const {
  std::vector<CallId> ids;
  for (const auto& [id, room] : rooms_) {
    for (const auto& host : room->hosts) host->add_inside(ids);
  }
  return ids;
}

std::vector<std::string> Dispatcher::code_in_use() const {
  std::vector<std::string> directories;
  for (const auto& [id, room] : rooms_) {
    for (const auto& host : room->hosts) directories.push_back(host->function()->code.directory);
  }
  return directories;
}

}  // namespace convoke
