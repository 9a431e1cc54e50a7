#include "core/guard/budget.h"

#include <fmt/format.h>

#include <string>

namespace convoke {
namespace {

struct Words {
  std::string_view member;
  std::uint32_t allowed;
  std::string_view what;
};

Words words_of(BudgetLimit limit, const Budget& budget) {
  switch (limit) {
    case BudgetLimit::kAttempts:
      return {"attempts", budget.attempts, "attempts of the calls that it caused"};
    case BudgetLimit::kSeconds:
      return {"seconds", budget.seconds, "seconds of running time of the calls that it caused"};
    case BudgetLimit::kNone:
    case BudgetLimit::kInvocations:
      break;
  }
  return {"invocations", budget.invocations, "invocations that it caused"};
}

}  // namespace

BudgetLimit limit_reached(const Spent& spent, const Budget& budget,
                          Attempting attempting) noexcept {
  if (attempting == Attempting::kFirst && spent.invocations >= budget.invocations)
    return BudgetLimit::kInvocations;
  if (spent.attempts >= budget.attempts) return BudgetLimit::kAttempts;
  if (spent.running_ms >= std::uint64_t{budget.seconds} * 1000) return BudgetLimit::kSeconds;
  return BudgetLimit::kNone;
}

Error budget_error(BudgetLimit limit, const Budget& budget, const CallId& root,
                   std::string_view function) {
  const Words words = words_of(limit, budget);
  return {ErrorCode::kInvocationBudgetExceeded,
          fmt::format("root {} has used up its budget: {} {}, on all ways together. Where so many "
                      "are meant, raise budget.{} in the recursionConfig of {}, or set its mode to "
                      "warn or allow",
                      root.text(), words.allowed, words.what, words.member, function)};
}

}  // namespace convoke
