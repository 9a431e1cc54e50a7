// Has a root used up what it may cause? Judged by the rule of the function that is called.
// Pure; any thread; allocates nothing but for an error.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/model/error.h"
#include "core/model/ids.h"
#include "core/model/recursion_rule.h"

namespace convoke {

// What the children of a root, and theirs, have used so far.
struct Spent {
  std::uint64_t invocations = 0;  // calls that began
  std::uint64_t attempts = 0;     // that began, first ones included
  std::uint64_t running_ms = 0;   // of attempts that have ended

  Spent& operator+=(const Spent& more) {
    invocations += more.invocations;
    attempts += more.attempts;
    running_ms += more.running_ms;
    return *this;
  }
  friend bool operator==(const Spent&, const Spent&) = default;
};

enum class Attempting : std::uint8_t {
  kFirst,  // a call begins
  kAgain,  // one that began before
};

enum class BudgetLimit : std::uint8_t { kNone, kInvocations, kAttempts, kSeconds };

// Which limit forbids that an attempt begins; kNone: none.
[[nodiscard]] BudgetLimit limit_reached(const Spent& spent, const Budget& budget,
                                        Attempting attempting) noexcept;

// InvocationBudgetExceeded: which limit of which root, and what to do. `function`: whose rule it
// is.
[[nodiscard]] Error budget_error(BudgetLimit limit, const Budget& budget, const CallId& root,
                                 std::string_view function);

}  // namespace convoke
