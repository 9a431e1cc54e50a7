// Virtual time on one shard, and when the shard rests.
//
// Virtual is what calls live by: deadlines, waits in line, delays, retries, ages, idle instances.
// Real is what the machine does: sockets, processes that start, are killed or answer, log files. So
// work takes its real time while virtual time stands still, and a shard rests once nothing is under
// way but calls inside instances, each of which was given its patience and has not come out. Those
// may never do (a 24-hour timeout is tested by a call that hangs): time goes on without them.
//
// Threads: one shard's.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "core/advance.h"
#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/edge/virtual_time.h"
#include "core/model/ids.h"

namespace convoke {

// Real time, for all that is under way but calls: an instance that starts, a record on its way to
// the disk. A shard that takes longer says that it does not rest.
inline constexpr Seconds kRestMax{60};

class ShardTime {
 public:
  // What the shard is about, at the end of a turn.
  struct Stand {
    bool moving = false;         // goes on by itself, in bounded real time
    std::uint64_t events = 0;    // as Rest::events, timers not counted
    std::vector<CallId> inside;  // calls that instances here hold
  };
  using Looked = std::function<void(Rest)>;

  // The real clock and wheel, which outlive this.
  ShardTime(const Clock& machine, TimerWheel& machine_wheel, const TimeOrigin& origin)
      : machine_(machine), machine_wheel_(machine_wheel), time_(origin) {}

  [[nodiscard]] VirtualTime& time() { return time_; }

  // Answered at the end of a turn, this one or a later: as soon as the shard rests, or after
  // kRestMax. One at a time.
  void look(Millis patience, Looked looked);
  [[nodiscard]] bool looked_at() const { return looked_ != nullptr; }
  void end_of_turn(const Stand& stand);  // while it is looked at

 private:
  [[nodiscard]] Instant patient_until(const std::vector<CallId>& inside);
  void wait_until(Instant then) { machine_wheel_.schedule(turn_, then); }

  const Clock& machine_;
  TimerWheel& machine_wheel_;
  VirtualTime time_;
  Looked looked_;
  Instant asked_{};
  Millis patience_{};
  std::unordered_map<CallId, Instant> first_seen_;  // calls inside, real time
  Timer turn_{this, [](void*) {}};                  // does nothing but bring a turn about
};

}  // namespace convoke
