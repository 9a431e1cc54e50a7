#include "core/guard/recursion_guard.h"

#include <fmt/format.h>

#include <string>

#include "core/registry/recursion_config.h"

namespace convoke {

std::optional<Error> RecursionGuard::refuses(const Function& function, const Lineage& lineage) {
  if (lineage.depth == 0) return std::nullopt;
  const RecursionRule rule = recursion_rule_of(function);
  switch (judge_recursion(lineage, rule)) {
    case RecursionVerdict::kFine:
      break;
    case RecursionVerdict::kWarned:
      warn(lineage, rule);
      break;
    case RecursionVerdict::kRefused:
      ++refused_;
      return error_of(lineage, rule);
  }
  return std::nullopt;
}

// Tags are ids, as long as there are fewer than 16 million of them.
Error RecursionGuard::error_of(const Lineage& lineage, const RecursionRule& rule) const {
  return recursion_error(lineage, rule, [this](FunctionTag tag) {
    const FunctionPtr function = directory_.find_function(FunctionId{tag.value});
    return function ? function->full_name() : std::string();
  });
}

void RecursionGuard::warn(const Lineage& lineage, const RecursionRule& rule) {
  ++warned_;
  const Instant now = clock_.now();
  if (said_ && now - *said_ < kSaidEvery) return;
  said_ = now;
  say_(fmt::format("recursion guard, not enforced: {}", error_of(lineage, rule).message));
}

}  // namespace convoke
