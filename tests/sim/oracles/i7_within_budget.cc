#include <fmt/format.h>

#include <map>
#include <set>

#include "core/registry/recursion_config.h"
#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

// Of an engine alone, which forgets what roots have used when it dies.
class WithinBudget final : public Observer {
 public:
  WithinBudget(Court& court, const LineageSeal& seal) : court_(court), seal_(seal) {}

  void on_started(const Started& started) override {
    const Attempt& attempt = started.attempt;
    if (!attempt.lineage || attempt.retry_count > 0) return;  // one that began before
    const auto token = seal_.open(view_of(attempt.lineage->token));
    if (!token || token->lineage.root == attempt.id) return;
    std::set<CallId>& caused = caused_[token->lineage.root];
    caused.insert(attempt.id);
    if (caused.size() <= recursion_rule_of(*started.function).budget.invocations) return;
    court_.red("I7", fmt::format("a call begins as number {} that its root has caused: {}",
                                 caused.size(), attempt.id.text()));
  }
  void on_crash() override { caused_.clear(); }

 private:
  Court& court_;
  const LineageSeal& seal_;
  std::map<CallId, std::set<CallId>> caused_;  // by roots, begun in this life
};

}  // namespace

std::unique_ptr<Observer> within_budget(Court& court, const LineageSeal& seal) {
  return std::make_unique<WithinBudget>(court, seal);
}

}  // namespace convoke::sim
