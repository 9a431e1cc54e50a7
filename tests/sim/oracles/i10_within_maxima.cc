#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

// A start may find more than the maximum, when fewer shards share what more of them had accepted;
// and what follows an end is accepted however full the queue is.
class WithinMaxima final : public Observer {
 public:
  explicit WithinMaxima(Court& court) : court_(court) {}

  void on_settle_asked(const Receipt&, const End& end) override {
    if (end.successor) followers_.insert(*end.successor);
  }
  void on_settled(const Receipt& receipt, const End&) override { followers_.erase(receipt.id); }
  void on_restart(const Engine& engine) override {
    followers_.clear();  // they are among those that were found
    found_.clear();
    for (std::uint16_t i = 0; i < engine.shards(); ++i) found_[i] = depth(engine, i);
  }
  void after_turn(const Engine& engine) override {
    for (std::uint16_t i = 0; i < engine.shards(); ++i) {
      const std::uint64_t most =
          std::max(found_[i], engine.options().depth_max) + followers_.size();
      if (depth(engine, i) <= most) continue;
      court_.red("I10", fmt::format("shard {} holds {} calls, at most {} may wait", i,
                                    depth(engine, i), engine.options().depth_max));
    }
  }

 private:
  static std::uint64_t depth(const Engine& engine, std::uint16_t shard) {
    const QueueCounts counts = engine.counts(ShardIndex{shard});
    return counts.ready + counts.delayed + counts.claimed;
  }
  Court& court_;
  std::map<std::uint16_t, std::uint64_t> found_;
  std::set<CallId> followers_;  // that may wait
};

}  // namespace

std::unique_ptr<Observer> within_maxima(Court& court) {
  return std::make_unique<WithinMaxima>(court);
}

}  // namespace convoke::sim
