// One life of an engine whose queue lies on a server that others use too: its shards, wired as
// core/shard wires them, on one thread. Destroying it is a crash.
//
// Paused, it does nothing: what would have happened meanwhile happens when it goes on, all at once.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/api/invoke.h"
#include "core/dispatch/dispatcher.h"
#include "core/guard/engine_lease.h"
#include "core/guard/gate.h"
#include "core/guard/lineage_guard.h"
#include "core/guard/root_ledger.h"
#include "core/guard/running_calls.h"
#include "core/guard/token_reader.h"
#include "queue/redis/store.h"
#include "tests/sim/callers.h"
#include "tests/sim/mail.h"
#include "tests/sim/shared/network.h"
#include "tests/sim/stage.h"

namespace convoke::sim::shared {

// A machine's clock: the world's, but that its wall may step.
class MachineClock final : public Clock {
 public:
  explicit MachineClock(const Clock& world) : world_(world) {}
  [[nodiscard]] Instant now() const override { return world_.now(); }
  [[nodiscard]] WallTime wall() const override { return world_.wall() + ahead_; }
  void step_wall(Millis by) { ahead_ += by; }

 private:
  const Clock& world_;
  Millis ahead_{0};
};

// What stays the same for a seed, whatever the engines' lives.
struct EngineOptions {
  DispatchOptions dispatch;
  std::uint32_t account_max = 300;
  Duration lease = redis::kLeaseDefault;
  std::uint64_t depth_per_function_max = 1'000'000;
  Address server;
};

class Engine final : public Door {
 public:
  struct Outside {
    Stage& stage;
    Network& network;
    const MachineClock& clock;
    Invoker::Respond respond;
    // A shard lives under that number from here on.
    std::function<void(ShardIndex, std::uint64_t)> entered;
    std::function<void()> turned;  // after every turn; may not end the engine
  };
  // `last_lives`: of each shard, the numbers that it is known to have had.
  Engine(Outside outside, const EngineOptions& options, Holder who,
         const std::vector<std::vector<std::uint64_t>>& last_lives, const Rng& rng);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void request(ShardIndex at, http::ExchangeId exchange, const CallId& id,
               const std::string& function, http::Request request) override;
  void client_gone(ShardIndex at, http::ExchangeId exchange) override;
  void apply(const Change& change);  // on all shards
  void stop_call(FunctionId function, const CallId& id);

  void pause() { paused_ = true; }
  void resume();
  [[nodiscard]] bool paused() const { return paused_; }

  [[nodiscard]] std::uint16_t shards() const override {
    return static_cast<std::uint16_t>(shards_.size());
  }
  // What is still going on, in words; empty: nothing but looking for work.
  [[nodiscard]] std::string left_over() const;

 private:
  struct Shard;
  struct Event {
    std::uint16_t shard;
    std::function<void()> what;
  };
  void turn(Shard& shard, const std::function<void()>& what);
  void turn_in(std::uint16_t shard, Duration delay, std::function<void()> what);
  void turn_or_hold(std::uint16_t shard, const std::function<void()>& what);
  void wake(Shard& shard);
  [[nodiscard]] LineageWorld lineages() { return {&outside_.stage.seal, &running_, &ledger_}; }

  const Outside outside_;
  const EngineOptions options_;
  const Holder who_;
  Rng rng_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  bool paused_ = false;
  std::vector<Event> held_;
  GateTable gates_;
  AccountPlaces account_;
  EngineLease lease_;
  RunningCalls running_;
  RootLedger ledger_;
  PostOffice post_office_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace convoke::sim::shared
