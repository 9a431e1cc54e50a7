#include "core/guard/lineage_guard.h"

#include <fmt/format.h>

#include "core/guard/root_ledger.h"
#include "core/registry/recursion_config.h"

namespace convoke {
namespace {

// A root, and a fresh one (core/guard/lineage.h), is charged to nobody.
bool has_caller(const Lineage& lineage) { return lineage.parent != CallId{}; }

// The hop before a root's child is the root.
FunctionId function_of_root(const Lineage& lineage) {
  if (lineage.parent != lineage.root) return {};
  const std::uint8_t hop = lineage.hops[Lineage::kHopsMax - 2];
  return FunctionId{hop < Lineage::kFunctionsMax ? lineage.visits[hop].function.value : 0};
}

RootLedger::Child child_of(const LineageGuard::Asked& call) {
  return {call.lineage.root, call.id, call.lineage.parent, call.function.id,
          function_of_root(call.lineage)};
}

}  // namespace

std::optional<Error> LineageGuard::refuses(const Asked& call, Attempting attempting) {
  if (call.lineage.depth == 0) return std::nullopt;
  const RecursionRule rule = recursion_rule_of(call.function);
  auto refused = recurses(call.lineage, rule);
  if (!has_caller(call.lineage)) return refused;
  if (!refused && rule.mode == RecursionMode::kEnforce) {
    refused = refuse(limit_reached(ledger_.spent(call.lineage.root), rule.budget, attempting), call,
                     rule.budget);
  }
  if (refused) ledger_.refuse(child_of(call), clock_.wall());
  return refused;
}

void LineageGuard::wait(const Asked& call) {
  if (has_caller(call.lineage)) ledger_.wait(child_of(call), clock_.wall());
}

std::optional<Error> LineageGuard::begin(const Asked& call, Attempting attempting) {
  if (!has_caller(call.lineage)) return std::nullopt;
  const RecursionRule rule = recursion_rule_of(call.function);
  const bool enforced = rule.mode == RecursionMode::kEnforce;
  const BudgetLimit reached =
      ledger_.begin(child_of(call), rule.budget, attempting,
                    enforced ? RootLedger::Past::kStops : RootLedger::Past::kGoesOn, clock_.wall());
  if (enforced) return refuse(reached, call, rule.budget);
  if (reached == BudgetLimit::kNone || rule.mode == RecursionMode::kAllow) return std::nullopt;
  ++counters_.budget_warned;
  say([&] {
    return budget_error(reached, rule.budget, call.lineage.root, call.function.full_name()).message;
  });
  return std::nullopt;
}

void LineageGuard::end(const Asked& call, TreeState how, Duration ran) {
  if (has_caller(call.lineage)) ledger_.end(child_of(call), how, ran, clock_.wall());
}

bool LineageGuard::is_spent(const Function& function, const Lineage& lineage) const {
  const RecursionRule rule = recursion_rule_of(function);
  return rule.mode == RecursionMode::kEnforce &&
         limit_reached(ledger_.spent(lineage.root), rule.budget, Attempting::kFirst) !=
             BudgetLimit::kNone;
}

std::optional<Error> LineageGuard::recurses(const Lineage& lineage, const RecursionRule& rule) {
  switch (judge_recursion(lineage, rule)) {
    case RecursionVerdict::kFine:
      break;
    case RecursionVerdict::kWarned:
      ++counters_.recursion_warned;
      say([&] { return recursion_error_of(lineage, rule).message; });
      break;
    case RecursionVerdict::kRefused:
      ++counters_.recursion_refused;
      return recursion_error_of(lineage, rule);
  }
  return std::nullopt;
}

std::optional<Error> LineageGuard::refuse(BudgetLimit reached, const Asked& call,
                                          const Budget& budget) {
  if (reached == BudgetLimit::kNone) return std::nullopt;
  ++counters_.budget_refused;
  return budget_error(reached, budget, call.lineage.root, call.function.full_name());
}

// Tags are ids, as long as there are fewer than 16 million of them.
Error LineageGuard::recursion_error_of(const Lineage& lineage, const RecursionRule& rule) const {
  return recursion_error(lineage, rule, [this](FunctionTag tag) {
    const FunctionPtr function = directory_.find_function(FunctionId{tag.value});
    return function ? function->full_name() : std::string();
  });
}

void LineageGuard::say(const std::function<std::string()>& what) {
  const Instant now = clock_.now();
  if (said_ && now - *said_ < kSaidEvery) return;
  said_ = now;
  say_(fmt::format("recursion guard, not enforced: {}", what()));
}

}  // namespace convoke
