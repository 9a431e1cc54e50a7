// One run of several engines that share a server: a storm, in which everything of the atlas may
// strike them, the server and the network between; then a calm, in which all calls must come to
// their ends within a bounded time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/redis_stand_in/server.h"
#include "tests/sim/callers.h"
#include "tests/sim/court.h"
#include "tests/sim/definitions.h"
#include "tests/sim/shared/engine.h"
#include "tests/sim/shared/oracles.h"
#include "tests/sim/trace.h"

namespace convoke::sim::shared {

class World {
 public:
  explicit World(const Plan& plan);
  ~World();

  void run();

  [[nodiscard]] const Court& court() const { return court_; }
  [[nodiscard]] const Trace& trace() const { return trace_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const Stage& stage() const { return stage_; }
  [[nodiscard]] std::uint64_t lives() const { return lives_; }

 private:
  // What stays when an engine dies.
  struct Machine {
    Machine(Stage& stage, const Definitions& known, const Crowd& crowd, std::uint32_t number);

    const std::uint32_t number;
    MachineClock clock;
    Rng rng;
    Callers callers;
    std::uint16_t shards = 1;
    std::uint64_t life = 0;
    std::vector<std::vector<std::uint64_t>> last_lives;  // by shard
    std::unique_ptr<Engine> engine;
    bool dies = false;  // as soon as its turn is over
  };

  void draw_options();
  void storm();
  void calm();
  void run_until(Instant end);
  [[nodiscard]] std::string left_over() const;
  [[nodiscard]] bool nobody_knows_of_what_is_left() const;
  void call_on(const CallId& by, const CarriedLineage& with);
  void look();

  void start(Machine& machine);
  void crash(Machine& machine);
  void turned(Machine& machine);
  void pause(Machine& machine);

  void weather();
  void weather_of(Machine& machine);
  void weather_of_server();
  void weather_of_network();
  void server_dies();
  void stop_some_call();
  [[nodiscard]] Rng& chance_of(Fault fault) { return stage_.chaos.rng(fault); }
  // Of how long something lasts that a lease may or may not survive.
  [[nodiscard]] Duration about_a_lease(Fault fault);

  Stage stage_;
  Rng rng_;
  Rng definitions_rng_;
  EngineOptions options_;
  Definitions known_;
  Ledger ledger_;
  Trace trace_;
  Court court_;
  Network network_;
  MachineClock server_clock_;
  stand_in::Server server_;
  Attempts attempts_;
  Books books_;
  WallTime highest_wall_{};
  Oracles oracles_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::uint64_t lives_ = 0;
  bool calm_ = false;
};

}  // namespace convoke::sim::shared
