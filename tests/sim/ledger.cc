#include "tests/sim/ledger.h"

#include "tests/sim/engine.h"

namespace convoke::sim {

void Ledger::on_restart(const Engine& engine) {
  for (auto& [id, call] : calls_) {
    if (!call.sent.asynchronous) continue;
    const bool held = engine.holds(id);
    if (call.settled > 0) {
      call.back = held;
    } else if (!held && call.acknowledged && !call.settled_by_crash) {
      (call.settle_asked ? call.settled_by_crash : call.lost) = true;
    } else if (held) {
      // What only the kernel's cache knew of may be lost by the next crash, an end as well.
      call.settled_by_crash = false;
    }
    call.recovered = held;
    call.settle_asked = false;
  }
}

}  // namespace convoke::sim
