// Where engines share a function's limit, each holds a part of it; one that is short of places asks
// for more here.
#pragma once

#include "core/model/ids.h"

namespace convoke {

class PlaceSource {
 public:
  virtual ~PlaceSource() = default;
  // Somebody waits here for an instance which the limit would allow and our part of it does not.
  // Any shard's thread. Not again before Gate::wanted().
  virtual void want(FunctionId function) = 0;
};

}  // namespace convoke
