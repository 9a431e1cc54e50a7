// Who changes definitions: commits, sets the gate, has every shard apply, and only then answers; as
// core/registry_desk does. What is committed outlives the engine.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/guard/gate.h"
#include "core/registry/change.h"
#include "tests/sim/definitions.h"
#include "tests/sim/engine.h"
#include "tests/sim/stage.h"

namespace convoke::sim {

class Desk {
 public:
  Desk(Stage& stage, std::uint32_t functions);

  // A new engine is told everything that was committed, before its first turns.
  void open(Engine& engine);
  void engine_died() {
    engine_ = nullptr;
    ++life_;
  }

  // One change at a time: does nothing while one is under way or there is no engine.
  void change_limit();
  void flip_kill_switch();
  void replace_function();  // deletes it, then makes one of the same name
  void update_function();
  void stop_first();  // limit 0 for one function, before the first turns
  void lift_all();    // the calm: until no limit is left

  [[nodiscard]] const Definitions& known() const { return known_; }

 private:
  void commit(Changed changed, decltype(Change::what) what, std::function<void()> then);
  void tour(const std::shared_ptr<const Change>& change);
  void set_gate(FunctionId function);
  void visited();
  void set_limit(const FunctionPtr& function, std::uint32_t limit);
  [[nodiscard]] bool busy() const { return engine_ == nullptr || to_visit_ > 0; }
  [[nodiscard]] FunctionPtr pick();

  Stage& stage_;
  Rng rng_;
  Definitions known_;
  Engine* engine_ = nullptr;
  std::uint64_t life_ = 0;
  std::uint64_t version_ = 0;
  // The change under way.
  std::size_t to_visit_ = 0;
  Changed changed_;
  std::function<void()> then_;
};

}  // namespace convoke::sim
