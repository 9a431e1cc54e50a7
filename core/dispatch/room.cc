#include "core/dispatch/room.h"

namespace convoke {

Host* Room::host_for(const CallId& id) {
  Host* best = nullptr;
  for (const auto& host : hosts) {
    if (host->free_slots() == 0 || !host->may_take(id)) continue;
    if (best == nullptr || host->calls_inside() > best->calls_inside() ||
        (host->idle() && best->idle() && host->idle_since() > best->idle_since())) {
      best = host.get();
    }
  }
  return best;
}

}  // namespace convoke
