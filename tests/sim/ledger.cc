#include "tests/sim/ledger.h"

#include <algorithm>

#include "core/dispatch/successor.h"
#include "tests/sim/engine.h"

namespace convoke::sim {

End::End(const Ending& ending)
    : settlement(ending.settlement),
      destination_status(ending.destination_status),
      has_event(ending.event != nullptr) {
  if (!ending.successor) return;
  successor = ending.successor->id;
  successor_function = ending.successor->function;
}

void Ledger::on_settle_asked(const Receipt& receipt, const End& end) {
  Account& call = calls_[receipt.id];
  call.settle_asked = true;
  call.end = end;
  if (!end.successor) return;
  call.successors.push_back(*end.successor);
  Account& next = calls_[*end.successor];
  next.sent.asynchronous = true;
  next.sent.function = next.function = end.successor_function;
  next.follows = receipt.id;
  next.is_delivery = is_delivery_line(end.successor_function);
}

void Ledger::on_settled(const Receipt& receipt, const End& end) {
  Account& call = calls_[receipt.id];
  ++call.settled;
  call.end = end;
  if (end.successor_is_there) calls_[*end.successor].acknowledged = true;
}

void Ledger::on_delivered(const CallId& id, int status) {
  if (status < 200 || status > 299) return;
  Account& call = calls_[id];
  ++call.delivered;
  for (const CallId& successor : call.successors) {
    Account& delivery = calls_[successor];
    if (delivery.is_delivery) ++delivery.good_ends;
  }
}

bool Ledger::is_followed(const Account& call) const {
  return std::any_of(call.successors.begin(), call.successors.end(), [this](const CallId& id) {
    const Account& next = *find(id);
    return next.must_end() || next.ended() || next.claims > 0 || next.settle_asked;
  });
}

void Ledger::on_restart(const Engine& engine) {
  for (auto& [id, call] : calls_) {
    if (!call.sent.asynchronous) continue;
    const bool held = engine.holds(id);
    if (call.settled > 0) {
      call.back = held;
    } else if (!held && call.was_there() && !call.settled_by_crash) {
      if (call.settle_asked) call.settled_by_crash = true;
      if (!call.settle_asked && call.acknowledged) call.lost = true;
    } else if (held) {
      // What only the kernel's cache knew of may be lost by the next crash, an end as well.
      call.settled_by_crash = false;
    }
    call.recovered = held;
    call.settle_asked = false;
  }
}

}  // namespace convoke::sim
