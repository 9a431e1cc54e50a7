// One run: a storm, in which everything of the atlas may strike and the engine may stall but never
// lie; then a calm, in which all must come to its end within a bounded time.
#pragma once

#include <memory>

#include "tests/sim/callers.h"
#include "tests/sim/court.h"
#include "tests/sim/desk.h"
#include "tests/sim/oracles.h"
#include "tests/sim/stage.h"
#include "tests/sim/trace.h"

namespace convoke::sim {

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
  void draw_options();
  void storm();
  void calm();
  void run_until(Instant end);
  void weather();
  void weather_of_disk();
  void use_stale_receipt();
  void stop_some_call();
  void fill_history();
  void look_after_history(Instant until);
  void drain();
  void wait_until_quiet(Instant until, bool cut);
  void complete_later(const std::string& directory, fake::FakeDisk::Completion completion);
  void start();
  void crash();
  void end_life(fake::Unsynced unsynced);
  void turned();

  Stage stage_;
  Rng rng_;
  EngineOptions options_;
  Ledger ledger_;
  Trace trace_;
  Court court_;
  Oracles oracles_;
  SpentReceipts spent_;
  HistoryDisk history_;
  Desk desk_;
  Callers callers_;
  std::unique_ptr<Engine> engine_;
  std::uint16_t shards_ = 1;
  std::uint32_t journals_ = 0;
  std::uint64_t lives_ = 0;
  std::size_t disk_pending_ = 0;
  bool crash_due_ = false;
  bool draining_ = false;
  bool poisoned_ = false;  // a sync has failed or will: only a restart helps
  bool calm_ = false;
};

}  // namespace convoke::sim
