// An equal part of a full account: who waits without one gets it of those that have more.
//
// A function that has less than its part asks. While somebody does, functions that have more take
// no place, and the next of their instances that ends a call leaves. So a first call waits until
// one call of a function with more than its part has ended, and then as long as that instance takes
// to stop and a new one to start. What runs is never broken off, and with more functions than
// places some wait for others to fall idle.
#include <algorithm>
#include <utility>

#include "core/dispatch/dispatcher.h"

namespace convoke {
namespace {

using Asks = AccountPlaces::Asks;

std::uint32_t leaving(const Room& room) {
  return static_cast<std::uint32_t>(std::count_if(
      room.hosts.begin(), room.hosts.end(),
      [](const std::unique_ptr<Host>& host) { return !host->open() && !host->starting(); }));
}

}  // namespace

bool Dispatcher::may_have_another(const Room& room, std::uint32_t places) const {
  if (!world_.account.anyone_asks() || room.asks != Asks::kNo) return true;
  return places < world_.account.equal_part();
}

// The account was full.
void Dispatcher::ask_for_part(Room& room) {
  if (!wants_instance(room)) return;
  const std::uint32_t places = room.gate->places();
  if (room.asks == Asks::kNo) {
    const Asks asks = places == 0 ? Asks::kForTheFirst : Asks::kForMore;
    if (places >= world_.account.equal_part(asks)) return;
    room.asks = asks;
    world_.account.ask(asks);
  } else if (places >= world_.account.equal_part()) {
    return stop_asking(room);
  }
  world_.account.ask_again();
}

void Dispatcher::stop_asking(Room& room) {
  if (room.asks == Asks::kNo) return;
  world_.account.asked_enough(std::exchange(room.asks, Asks::kNo));
  if (world_.account.anyone_asks() || world_.account.used() == world_.account.max()) return;
  wake_for_account_place();  // what was kept for it
}

bool Dispatcher::gives_way(const Room& room) {
  if (!world_.account.anyone_asks()) return false;
  const std::uint32_t places = room.gate->places();
  const std::uint32_t staying = places - std::min(places, leaving(room));
  return staying > world_.account.equal_part() && world_.account.give_one();
}

void Dispatcher::wake_for_account_place() {
  const std::uint64_t waiting = world_.account.take_waiting();
  for (std::uint16_t i = 0; i < outbox_.shards(); ++i) {
    if ((waiting >> i) & 1U) outbox_.post(ShardIndex{i}, AccountPlaceFree{});
  }
}

// Those first that have less than their part.
void Dispatcher::open(AccountPlaceFree&) {
  std::vector<std::pair<bool, FunctionId>> waiting;
  for (const auto& [id, room] : rooms_) {
    if (room->deleted || !anyone_waits_here(*room)) continue;
    waiting.emplace_back(room->asks == Asks::kNo, id);
  }
  std::sort(waiting.begin(), waiting.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [later, id] : waiting) {
    const auto found = rooms_.find(id);
    if (found != rooms_.end()) serve(*found->second);
  }
}

}  // namespace convoke
