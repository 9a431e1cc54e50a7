// What one shard asks about a call that has a caller: may it run, by the rule that its function has
// now? Two guards are asked: recursion (core/guard/recursion.h), and its root's budget
// (core/guard/budget.h). Counts, and says aloud what a rehearsal (RecursionMode::kWarn) would have
// refused.
//
// One shard's; its thread alone. The ledger is shared.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/edge/clock.h"
#include "core/guard/budget.h"
#include "core/guard/call_tree.h"
#include "core/guard/recursion.h"
#include "core/model/error.h"
#include "core/model/function.h"
#include "core/model/lineage.h"
#include "core/registry/directory.h"

namespace convoke {

class RootLedger;

// Since start.
struct LineageCounters {
  std::uint64_t recursion_refused = 0;
  std::uint64_t recursion_warned = 0;
  std::uint64_t budget_refused = 0;
  std::uint64_t budget_warned = 0;
};

class LineageGuard {
 public:
  using Say = std::function<void(std::string_view)>;  // for an operator's eyes
  // Warnings are counted all, and said at most so often.
  static constexpr Seconds kSaidEvery{1};

  LineageGuard(const Clock& clock, const Directory& directory, RootLedger& ledger, Say say)
      : clock_(clock), directory_(directory), ledger_(ledger), say_(std::move(say)) {}

  // A call that has an ancestry.
  struct Asked {
    const CallId& id;
    const Lineage& lineage;
    const Function& function;
  };

  // Before it waits for an instance; charges nothing. nullopt: it may run. Otherwise
  // RecursiveInvocation or InvocationBudgetExceeded. A call that may run costs no allocation.
  [[nodiscard]] std::optional<Error> refuses(const Asked& call, Attempting attempting);
  // It waits from now on, in line or in a queue.
  void wait(const Asked& call);
  // An attempt is about to begin, and is charged to its root. Otherwise InvocationBudgetExceeded,
  // and it may not.
  [[nodiscard]] std::optional<Error> begin(const Asked& call, Attempting attempting);
  // One that was charged has ended: kSucceeded or kFailed.
  void end(const Asked& call, TreeState how, Duration ran);

  // A call of the function is refused at once, its root's budget being spent.
  [[nodiscard]] bool is_spent(const Function& function, const Lineage& lineage) const;

  [[nodiscard]] const LineageCounters& counters() const { return counters_; }

 private:
  [[nodiscard]] std::optional<Error> recurses(const Lineage& lineage, const RecursionRule& rule);
  [[nodiscard]] std::optional<Error> refuse(BudgetLimit reached, const Asked& call,
                                            const Budget& budget);
  [[nodiscard]] Error recursion_error_of(const Lineage& lineage, const RecursionRule& rule) const;
  void say(const std::function<std::string()>& what);

  const Clock& clock_;
  const Directory& directory_;
  RootLedger& ledger_;
  const Say say_;
  LineageCounters counters_;
  std::optional<Instant> said_;
};

}  // namespace convoke
