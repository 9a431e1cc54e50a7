// The recursion guard: may a call with this lineage run?
//
// One visit more of its function than its rule allows (default: the 17th), or a chain of more than
// kChainMax calls. Both are judged by the rule of the function that is called. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/model/error.h"
#include "core/model/lineage.h"
#include "core/model/recursion_rule.h"

namespace convoke {

enum class RecursionVerdict : std::uint8_t {
  kFine,
  kWarned,   // it runs, though kEnforce would have refused it
  kRefused,  // it does not
};

// `lineage`: of the call itself, which its function is the last hop of. Allocates nothing.
[[nodiscard]] RecursionVerdict judge_recursion(const Lineage& lineage,
                                               const RecursionRule& rule) noexcept;

// What a function is called, for a reader's eyes; "" where nobody knows any more.
using NameOfTag = std::function<std::string(FunctionTag)>;

// Of a call that was refused: which limit, the hops and counts that are known, and what to do.
// RecursiveInvocation.
[[nodiscard]] Error recursion_error(const Lineage& lineage, const RecursionRule& rule,
                                    const NameOfTag& name_of);
// The hops that are known, oldest first: "a/x -> a/y -> a/x"; "..." for what came before.
[[nodiscard]] std::string hops_text(const Lineage& lineage, const NameOfTag& name_of);

}  // namespace convoke
