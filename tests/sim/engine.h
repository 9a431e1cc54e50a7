// One life of an engine: its shards, wired as core/shard wires them, on one thread. Destroying it
// is a crash.
//
// Everything happens in turns of a shard, as in a loop's: an event, then what the wheel has due,
// then the end of the turn.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/api/invoke.h"
#include "core/dispatch/dispatcher.h"
#include "core/dispatch/pump.h"
#include "core/guard/gate.h"
#include "core/guard/lineage_guard.h"
#include "core/guard/root_ledger.h"
#include "core/guard/running_calls.h"
#include "core/guard/token_reader.h"
#include "core/history_desk.h"
#include "core/registry/directory.h"
#include "queue/journal/store.h"
#include "tests/sim/callers.h"
#include "tests/sim/history.h"
#include "tests/sim/instance.h"
#include "tests/sim/mail.h"
#include "tests/sim/stage.h"
#include "tests/sim/witness.h"

namespace convoke::sim {

// What stays the same for a seed, whatever the engine's lives.
struct EngineOptions {
  DispatchOptions dispatch;
  std::uint32_t account_max = 300;
  std::uint64_t segment_bytes = 4096;
  std::uint64_t event_bytes_in_memory_max = 1 << 20;
  std::uint64_t depth_max = 1'000'000;
  std::uint64_t ready_in_memory = 0;  // and of delayed calls a quarter; 0: as the store has it
};

class Engine final : public Door {
 public:
  struct Outside {
    Stage& stage;
    SpentReceipts& spent;
    const HistoryDisk& history;
    Invoker::Respond respond;
    std::function<void()> turned;  // after every turn; may not end the engine
  };
  // A start that fails says why.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> start(Outside outside,
                                                             const EngineOptions& options,
                                                             std::uint16_t shards,
                                                             std::uint32_t journals, Rng rng);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Each runs in a turn of the shard, now.
  void request(ShardIndex at, http::ExchangeId exchange, const CallId& id,
               const std::string& function, http::Request request) override;
  void client_gone(ShardIndex at, http::ExchangeId exchange) override;
  void apply(ShardIndex at, const Change& change);
  void use_stale(ShardIndex at, const Receipt& receipt);
  void stop_call(FunctionId function, const CallId& id);
  // Asks the history a question, for oracles.
  void audit();
  void retry_history() { history_desk_->retry(); }
  // Claims no more; what is under way goes on. Then, what still runs is ended.
  void drain();
  void cut();
  // Something of that journal's disk has completed.
  void complete(const std::string& directory, const fake::FakeDisk::Completion& completion);

  [[nodiscard]] std::uint16_t shards() const override {
    return static_cast<std::uint16_t>(shards_.size());
  }
  [[nodiscard]] GateTable& gates() { return gates_; }
  [[nodiscard]] const EngineOptions& options() const { return options_; }

  // Answers and outcomes that are still owed.
  [[nodiscard]] std::size_t busy() const;

  // For oracles.
  [[nodiscard]] history::History& history() const { return *history_; }
  [[nodiscard]] Result<void> history_keeps_up() const { return history_desk_->keeps_up(); }
  [[nodiscard]] bool holds(const CallId& id) const;  // unsettled, in any store
  [[nodiscard]] QueueCounts counts(ShardIndex at) const;
  [[nodiscard]] QueueCounts counts(ShardIndex at, FunctionId function) const;
  [[nodiscard]] std::uint32_t account_used() const { return account_.used(); }
  [[nodiscard]] std::size_t letters() const { return post_office_.letters(); }
  // What is still going on, in words; empty: nothing at all.
  [[nodiscard]] std::string left_over() const;

 private:
  struct Shard;
  Engine(Outside outside, const EngineOptions& options, std::uint16_t shards,
         std::unique_ptr<history::History> history);
  void open_history();
  void turn(Shard& shard, const std::function<void()>& what);
  void turn_in(std::uint16_t shard, Duration delay, std::function<void()> what);
  void wake(Shard& shard);
  [[nodiscard]] LineageWorld lineages() { return {&outside_.stage.seal, &running_, &ledger_}; }

  const Outside outside_;
  const EngineOptions options_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  GateTable gates_;
  AccountPlaces account_;
  EngineLease lease_;
  RunningCalls running_;
  RootLedger ledger_;
  PostOffice post_office_;
  history::History* const history_;  // the desk's
  SimIoThread history_thread_;
  const std::unique_ptr<HistoryDesk> history_desk_;
  HistoryTap history_tap_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

[[nodiscard]] std::string journal_directory(std::uint32_t number);

}  // namespace convoke::sim
