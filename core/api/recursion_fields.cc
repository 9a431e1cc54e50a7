#include "core/api/recursion_fields.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "core/registry/recursion_config.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

Error invalid(std::string_view what) {
  return {ErrorCode::kInvalidArgument, fmt::format("recursionConfig.{}", what)};
}

template <class Number>
void read_number(FieldReader& reader, std::string_view name, std::int64_t max, Number& number,
                 std::string_view shown_name) {
  std::optional<std::int64_t> given;
  reader.integer(name, given);
  if (!given) return;
  if (*given < 1 || *given > max) {
    return reader.fail(invalid(fmt::format(
        "{} is set to an invalid value (allowed: 1 to {}, actual: {}); to switch the guard off for "
        "this function, set mode to allow",
        shown_name, max, *given)));
  }
  number = static_cast<Number>(*given);
}

void read_mode(FieldReader& reader, RecursionMode& mode) {
  std::optional<std::string> given;
  reader.text("mode", given);
  if (!given) return;
  const auto known = recursion_mode(*given);
  if (!known) {
    return reader.fail(
        invalid(fmt::format("mode is set to an invalid value (allowed: enforce, warn, allow, "
                            "actual: '{}')",
                            shown(*given))));
  }
  mode = *known;
}

void read_budget(FieldReader& reader, Budget& budget) {
  reader.object("budget", [&budget](FieldReader& inner) {
    read_number(inner, "invocations", Budget::kMax, budget.invocations, "budget.invocations");
    read_number(inner, "attempts", Budget::kMax, budget.attempts, "budget.attempts");
    read_number(inner, "seconds", Budget::kMax, budget.seconds, "budget.seconds");
  });
}

}  // namespace

void read_recursion_config(FieldReader& reader, JsonMembers& kept) {
  reader.object(kRecursionMember, [&kept](FieldReader& inner) {
    RecursionRule rule;
    read_number(inner, "limit", kChainMax, rule.limit, "limit");
    read_mode(inner, rule.mode);
    read_budget(inner, rule.budget);
    if (inner.outcome())
      kept.insert_or_assign(std::string(kRecursionMember), write_recursion(rule));
  });
}

}  // namespace convoke
