#include "core/guard/lineage_guard.h"

#include <fmt/format.h>

#include "core/guard/root_ledger.h"
#include "core/registry/recursion_config.h"

namespace convoke {
namespace {

// A root, and a fresh one (core/guard/lineage.h), is charged to nobody.
bool has_caller(const Lineage& lineage) { return lineage.parent != CallId{}; }

}  // namespace

std::optional<Error> LineageGuard::refuses(const Function& function, const Lineage& lineage,
                                           Attempting attempting) {
  if (lineage.depth == 0) return std::nullopt;
  const RecursionRule rule = recursion_rule_of(function);
  if (auto refused = recurses(lineage, rule)) return refused;
  if (!has_caller(lineage) || rule.mode != RecursionMode::kEnforce) return std::nullopt;
  const BudgetLimit reached = limit_reached(ledger_.spent(lineage.root), rule.budget, attempting);
  return refuse(reached, function, lineage, rule.budget);
}

std::optional<Error> LineageGuard::begin(const Function& function, const Lineage& lineage,
                                         Attempting attempting) {
  if (!has_caller(lineage)) return std::nullopt;
  const RecursionRule rule = recursion_rule_of(function);
  const bool enforced = rule.mode == RecursionMode::kEnforce;
  const BudgetLimit reached =
      ledger_.begin(lineage.root, rule.budget, attempting,
                    enforced ? RootLedger::Past::kStops : RootLedger::Past::kGoesOn);
  if (enforced) return refuse(reached, function, lineage, rule.budget);
  if (reached == BudgetLimit::kNone || rule.mode == RecursionMode::kAllow) return std::nullopt;
  ++counters_.budget_warned;
  say([&] {
    return budget_error(reached, rule.budget, lineage.root, function.full_name()).message;
  });
  return std::nullopt;
}

void LineageGuard::end(const Lineage& lineage, Duration ran) {
  if (has_caller(lineage)) ledger_.end(lineage.root, ran);
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

std::optional<Error> LineageGuard::refuse(BudgetLimit reached, const Function& function,
                                          const Lineage& lineage, const Budget& budget) {
  if (reached == BudgetLimit::kNone) return std::nullopt;
  ++counters_.budget_refused;
  return budget_error(reached, budget, lineage.root, function.full_name());
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
