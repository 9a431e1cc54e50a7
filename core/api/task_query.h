// What questions about calls have in common: parameters of a query, as values. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/http/url.h"
#include "core/model/error.h"
#include "queue/history/record.h"

namespace convoke {

// nullopt: absent. InvalidArgument: not a whole number, or below 0.
[[nodiscard]] Result<std::optional<std::int64_t>> number_of(const Query& query,
                                                            std::string_view name);
// `limit`, into `limit`; how much it may be is the history's to say.
[[nodiscard]] Result<void> set_limit(const Query& query, std::uint32_t& limit);
// `sortOrderByTime`: asc | desc.
[[nodiscard]] Result<void> set_order(const Query& query, history::Order& order);

}  // namespace convoke
