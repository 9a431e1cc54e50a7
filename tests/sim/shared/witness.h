// Stands between the store on a shared server and the pump, tells what passes, and holds the bugs
// that are planted in engines.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "queue/redis/store.h"
#include "tests/sim/stage.h"

namespace convoke::sim::shared {

class Witness final : public Queue, public QueueListener {
 public:
  // The holder's incarnation is asked of the store.
  Witness(Stage& stage, Holder holder, QueueListener& pump)
      : stage_(stage), holder_(holder), pump_(pump), rng_(stage.rng.fork("planted")) {}
  void watch(redis::RedisStore& store) { store_ = &store; }

  void accept(NewCall call, Accepted accepted) override;
  void claim(FunctionId function, std::size_t max) override { store_->claim(function, max); }
  void settle(const Receipt& receipt, Ending ending, Settled settled) override;
  void postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                Settled settled) override;
  void note_started(const Receipt& receipt, WallTime at, const std::string& instance_id) override {
    store_->note_started(receipt, at, instance_id);
  }
  void stop(FunctionId function, const CallId& id, Stopped stopped) override {
    store_->stop(function, id, std::move(stopped));
  }
  void give_back(const Receipt& receipt) override;
  void submit() override { store_->submit(); }
  [[nodiscard]] std::optional<WallTime> oldest_ready(FunctionId function) const override {
    return store_->oldest_ready(function);
  }
  [[nodiscard]] std::optional<CallPosition> find(const CallId& id) const override {
    return store_->find(id);
  }
  [[nodiscard]] QueueCounts counts(FunctionId function) const override {
    return store_->counts(function);
  }
  [[nodiscard]] QueueCounts counts() const override { return store_->counts(); }
  [[nodiscard]] Result<void> health() const override { return store_->health(); }

  void on_ready(FunctionId function) override { pump_.on_ready(function); }
  void on_claimed(FunctionId function, std::vector<ClaimedCall> calls) override;
  void on_stop_asked(FunctionId function, const CallId& id, Stopped stopped) override {
    pump_.on_stop_asked(function, id, std::move(stopped));
  }

 private:
  [[nodiscard]] Settled telling(const Receipt& receipt, Asked what, Settled settled);

  Stage& stage_;
  const Holder holder_;
  QueueListener& pump_;
  Rng rng_;
  redis::RedisStore* store_ = nullptr;
};

}  // namespace convoke::sim::shared
