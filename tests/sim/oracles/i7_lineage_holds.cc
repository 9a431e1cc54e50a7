#include <fmt/format.h>

#include <map>

#include "core/model/delivery_line.h"
#include "core/registry/recursion_config.h"
#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

// Counts visits as whoever calls would, and compares them with what each call carries.
class LineageHolds final : public Observer {
 public:
  LineageHolds(Court& court, const LineageSeal& seal) : court_(court), seal_(seal) {}

  void on_called_on(const CallId& by, const Sent& sent) override {
    descend(by, sent.id, sent.function);
  }
  void on_settle_asked(const Receipt& receipt, const End& end) override {
    if (!end.successor || is_delivery_line(end.successor_function)) return;
    descend(receipt.id, *end.successor, end.successor_function);
  }
  void on_started(const Started& started) override {
    const Function& function = *started.function;
    Ancestry& ancestry = of(started.attempt.id, function.id);
    ancestry.is_of(function.id);
    const std::uint32_t visits = ancestry.visits.at(function.id);
    const RecursionRule rule = rules_[function.id] = recursion_rule_of(function);
    if (visits > rule.limit || ancestry.depth >= kChainMax) {
      return red(started, fmt::format("begins as visit {}, at depth {}", visits, ancestry.depth));
    }
    if (!started.attempt.lineage) return red(started, "carries no lineage");
    const auto token = seal_.open(view_of(started.attempt.lineage->token));
    if (!token || token->call != started.attempt.id) return red(started, "carries another's");
    if (!agree(token->lineage, ancestry)) red(started, "has shed some of its lineage");
  }
  void on_answer(const CallId& id, int status) override {
    const Account* const call = court_.ledger().find(id);
    if (status != 400 || call == nullptr || call->sent.asynchronous) return;
    const auto found = known_.find(id);
    if (found == known_.end()) return;
    const auto rule = rules_.find(call->sent.function);
    if (rule == rules_.end() || rule->second.budget != Budget{}) return;
    if (found->second.callee != rule->first) return;
    if (found->second.visits.at(rule->first) > rule->second.limit) return;
    court_.red("I7", "a call was refused as one too many that was none: " + id.text());
  }

 private:
  struct Ancestry {
    std::uint32_t depth = 0;
    std::map<FunctionId, std::uint32_t> visits;
    FunctionId callee;

    void visit(FunctionId function) {
      callee = function;
      ++visits[function];
    }
    // Its path named another function when it was admitted than when it was sent.
    void is_of(FunctionId function) {
      if (callee == function) return;
      if (--visits[callee] == 0) visits.erase(callee);
      visit(function);
    }
  };

  Ancestry& of(const CallId& id, FunctionId function) {
    Ancestry& ancestry = known_[id];
    if (ancestry.visits.empty()) ancestry.visit(function);  // nobody called it that we know of
    return ancestry;
  }
  void descend(const CallId& by, const CallId& id, FunctionId function) {
    const Account* const caller = court_.ledger().find(by);
    Ancestry next = of(by, caller == nullptr ? FunctionId{} : caller->sent.function);
    ++next.depth;
    next.visit(function);
    known_[id] = std::move(next);
  }
  [[nodiscard]] static bool agree(const Lineage& said, const Ancestry& ancestry) {
    if (said.depth != ancestry.depth) return false;
    for (const auto& [function, times] : ancestry.visits) {
      if (visits_of(said, tag_of(function)) != times) return false;
    }
    return true;
  }
  void red(const Started& started, const std::string& what) {
    court_.red("I7", fmt::format("a call of function {} {}: {}", started.function->id.value, what,
                                 started.attempt.id.text()));
  }

  Court& court_;
  const LineageSeal& seal_;
  std::map<CallId, Ancestry> known_;
  std::map<FunctionId, RecursionRule> rules_;  // of those that have begun a call
};

}  // namespace

std::unique_ptr<Observer> lineage_holds(Court& court, const LineageSeal& seal) {
  return std::make_unique<LineageHolds>(court, seal);
}

}  // namespace convoke::sim
