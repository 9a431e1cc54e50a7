#include <fmt/format.h>

#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

class Conserved final : public Observer {
 public:
  explicit Conserved(Court& court) : court_(court) {}

  void after_turn(const Engine& engine) override { (void)waiting_and_checked(engine); }

  // What a start finds is what had not ended: neither more nor less.
  void on_restart(const Engine& engine) override {
    std::uint64_t live = 0;
    for (const auto& [id, call] : court_.ledger().calls()) {
      if (call.recovered && !call.ended()) ++live;
    }
    const std::uint64_t found = waiting_and_checked(engine);
    if (found == live) return;
    court_.red("I4", fmt::format("{} calls had not ended, {} were recovered", live, found));
  }

 private:
  std::uint64_t waiting_and_checked(const Engine& engine) {
    std::uint64_t waiting = 0;
    for (std::uint16_t i = 0; i < engine.shards(); ++i) {
      const QueueCounts counts = engine.counts(ShardIndex{i});
      const std::uint64_t here = counts.ready + counts.delayed + counts.claimed;
      waiting += here;
      if (counts.accepted == here + counts.settled) continue;
      court_.red("I4", fmt::format("shard {}: accepted {} != ready {} + delayed {} + claimed {} + "
                                   "settled {}",
                                   i, counts.accepted, counts.ready, counts.delayed, counts.claimed,
                                   counts.settled));
    }
    return waiting;
  }
  Court& court_;
};

}  // namespace

std::unique_ptr<Observer> conserved(Court& court) { return std::make_unique<Conserved>(court); }

}  // namespace convoke::sim
