// Until when this engine may start calls: where engines share a queue, the promise by which others
// know when it has stopped. Whoever renews it and every shard see the same value.
//
// A call that is handed to an instance while the lease holds began before anybody could be told
// that this engine starts nothing more.
#pragma once

#include <atomic>
#include <limits>

#include "core/model/instant.h"

namespace convoke {

class EngineLease {
 public:
  // An engine alone has it for ever.
  [[nodiscard]] bool holds(Instant now) const { return now.time_since_epoch().count() < until_; }
  void set(Instant until) { until_ = until.time_since_epoch().count(); }

 private:
  std::atomic<Instant::rep> until_{std::numeric_limits<Instant::rep>::max()};
};

}  // namespace convoke
