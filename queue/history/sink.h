// Where a store tells its facts. The answer, how far they have been taken in for good, comes back
// to the store by its on_taken().
#pragma once

#include "queue/history/facts.h"

namespace convoke::history {

class Sink {
 public:
  virtual ~Sink() = default;
  // In order, from one shard's thread for each journal; returns at once.
  virtual void tell(Chapter chapter) = 0;
};

}  // namespace convoke::history
