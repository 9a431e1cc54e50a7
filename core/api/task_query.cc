#include "core/api/task_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/registry/shown.h"

namespace convoke {

Result<std::optional<std::int64_t>> number_of(const Query& query, std::string_view name) {
  const std::string_view text = get(query, name);
  if (text.empty()) return std::optional<std::int64_t>{};
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc{} && end == text.data() + text.size() && value >= 0) {
    return std::optional(value);
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} takes a whole number (actual: '{}')", name, shown(text))};
}

Result<void> set_limit(const Query& query, std::uint32_t& limit) {
  const auto asked = number_of(query, "limit");
  if (!asked) return asked.error();
  if (*asked) limit = static_cast<std::uint32_t>(std::min<std::int64_t>(**asked, 1'000'000));
  return {};
}

Result<void> set_order(const Query& query, history::Order& order) {
  const std::string_view asked = get(query, "sortOrderByTime");
  if (asked.empty()) return {};
  if (asked != "asc" && asked != "desc") {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("sortOrderByTime is set to an invalid value (allowed: asc | desc, "
                             "actual: '{}')",
                             shown(asked))};
  }
  order = asked == "asc" ? history::Order::kAscending : history::Order::kDescending;
  return {};
}

}  // namespace convoke
