// Stands between a store and the pump, tells what passes, and holds most of the planted bugs.
//
// The only file of the simulation that must follow when the queue contract changes.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "queue/queue.h"
#include "tests/sim/stage.h"

namespace convoke::sim {

// Receipts that are good for nothing any more: used, or of an engine that died. Across lives.
class SpentReceipts {
 public:
  void add(const Receipt& receipt) {
    if (receipts_.size() < kMax) return receipts_.push_back(receipt);
    receipts_[next_++ % kMax] = receipt;
  }
  void remove(const Receipt& receipt) {
    const auto is_it = [&](const Receipt& one) {
      return one.id == receipt.id && one.epoch == receipt.epoch;
    };
    receipts_.erase(std::remove_if(receipts_.begin(), receipts_.end(), is_it), receipts_.end());
  }
  [[nodiscard]] bool empty() const { return receipts_.empty(); }
  [[nodiscard]] const Receipt& any(Rng& rng) const {
    return receipts_[rng.below(receipts_.size())];
  }

 private:
  static constexpr std::size_t kMax = 64;
  std::vector<Receipt> receipts_;
  std::size_t next_ = 0;
};

class Witness final : public Queue, public QueueListener {
 public:
  Witness(Stage& stage, SpentReceipts& spent, QueueListener& pump)
      : stage_(stage), spent_(spent), pump_(pump), rng_(stage.rng.fork("planted")) {}
  ~Witness() override;
  void watch(std::unique_ptr<Queue> store);

  // Somebody settles with a receipt that is good for nothing.
  void use_stale(const Receipt& receipt);

  void accept(NewCall call, Accepted accepted) override;
  void claim(FunctionId function, std::size_t max) override {
    stage_.seen.tell(&Observer::on_claim_asked, function);
    store_->claim(function, max);
  }
  void settle(const Receipt& receipt, Ending ending, Settled settled) override;
  void postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                Settled settled) override;
  void note_started(const Receipt& receipt, WallTime at, const std::string& instance_id) override {
    store_->note_started(receipt, at, instance_id);
  }
  void stop(FunctionId function, const CallId& id, Stopped stopped) override;
  void give_back(const Receipt& receipt) override;
  void submit() override { store_->submit(); }
  [[nodiscard]] std::optional<WallTime> oldest_ready(FunctionId function) const override {
    return store_->oldest_ready(function);
  }
  [[nodiscard]] std::optional<CallPosition> find(const CallId& id) const override;
  [[nodiscard]] QueueCounts counts(FunctionId function) const override {
    return store_->counts(function);
  }
  [[nodiscard]] QueueCounts counts() const override;
  [[nodiscard]] Result<void> health() const override { return store_->health(); }

  void on_ready(FunctionId function) override { pump_.on_ready(function); }
  void on_claimed(FunctionId function, std::vector<ClaimedCall> calls) override;

 private:
  void spend(const Receipt& receipt);
  void say_settled(const Receipt& receipt, End end);
  [[nodiscard]] bool forgets(const CallPosition& position) const;

  Stage& stage_;
  SpentReceipts& spent_;
  QueueListener& pump_;
  Rng rng_;
  std::map<CallId, Receipt> held_;
  WallTime born_wall_{};
  std::unique_ptr<Queue> store_;
};

}  // namespace convoke::sim
