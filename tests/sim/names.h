// Names of stateful calls, in use from when they are reserved to the end of the engine's life, on
// all shards: a history that forgets nothing but what a crash takes.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "core/api/names.h"
#include "tests/sim/instance.h"

namespace convoke::sim {

class SimNames final : public Names {
 public:
  using InUse = std::set<std::pair<FunctionId, std::string>>;  // one for all shards
  SimNames(InUse& in_use, TurnIn turn_in) : in_use_(in_use), turn_in_(std::move(turn_in)) {}

  void reserve(FunctionId function, const std::string& name, Reserved reserved) override {
    const bool fresh = in_use_.emplace(function, name).second;
    turn_in_(Millis{1}, [fresh, reserved = std::move(reserved)] {
      if (fresh) return reserved({});
      reserved(Error{ErrorCode::kCallAlreadyExists, "the name is in use"});
    });
  }
  void release(FunctionId function, const std::string& name) override {
    in_use_.erase({function, name});
  }
  [[nodiscard]] Result<void> keeps_up() const override { return {}; }

 private:
  InUse& in_use_;
  const TurnIn turn_in_;
};

}  // namespace convoke::sim
