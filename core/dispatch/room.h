// One function on one shard: its callers in line, its instances, and the account of its slots.
//
// Of every open instance here, each free slot stands in one place: free in the gate, kept for a
// call that is on its way, or owed. It is owed when an instance went while some of its free slots
// were kept: the next calls that arrive for them find none, and go back to their line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/dispatch/host.h"
#include "core/dispatch/line.h"
#include "core/guard/gate.h"

namespace convoke {

struct Room {
  Room(FunctionPtr current, std::shared_ptr<Gate> shared, ShardIndex shard, Line callers)
      : function(std::move(current)),
        gate(std::move(shared)),
        self(shard),
        line(std::move(callers)) {}
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  // Takes `slots` out of use: those free in the gate now, the rest as they come back.
  void withdraw(std::uint32_t slots) {
    for (std::uint32_t i = 0; i < slots; ++i) {
      if (!gate->take_slot(self)) ++owed;
    }
  }
  // A kept slot has come back or is about to be used: true if it was owed and is no more.
  [[nodiscard]] bool pay_owed() {
    if (owed == 0) return false;
    --owed;
    return true;
  }
  // The open instance that was busy last, so that the others can fall idle; nullptr: none.
  [[nodiscard]] Host* host_for(const CallId& id);
  [[nodiscard]] bool empty() const {
    return line.empty() && hosts.empty() && owed == 0 && claim.slots.empty();
  }

  FunctionPtr function;
  const std::shared_ptr<Gate> gate;
  const ShardIndex self;
  bool deleted = false;
  Line line;
  std::vector<std::unique_ptr<Host>> hosts;
  std::uint32_t owed = 0;
  std::uint32_t slots_starting = 0;  // of instances that are not yet open

  // The claim under way, one at a time: where slots are kept for the calls it will bring.
  struct Claim {
    bool under_way = false;
    std::vector<ShardIndex> slots;
    std::vector<Error> failures;  // each for one call whose instance could not be started
  } claim;
};

}  // namespace convoke
