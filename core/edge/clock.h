// The time, as the engine sees it. Frozen for one loop turn: two reads in a turn agree.
#pragma once

#include "core/model/instant.h"

namespace convoke {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;    // monotonic; the same origin on every shard
  [[nodiscard]] virtual WallTime wall() const = 0;  // may step, forwards or back
};

}  // namespace convoke
