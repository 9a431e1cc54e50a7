// Percent-decoding of paths and queries (RFC 3986). Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/error.h"

namespace convoke {

enum class Plus : bool { kIsPlus, kIsSpace };  // in a path, in a query

// InvalidArgument: `%` without two hexadecimal digits after it.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, Plus plus);

// "a=1&b" as pairs in order, decoded; a key without `=` has the value "". Bounded by the length of
// a request's target.
using Query = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] Result<Query> parse_query(std::string_view query);
[[nodiscard]] std::string_view get(const Query& query, std::string_view key);  // the first; or ""

// Of a Host header: "localhost:7070" -> "localhost", "[::1]:7070" -> "::1". A view of what it was
// given.
[[nodiscard]] std::string_view host_without_port(std::string_view host);

}  // namespace convoke
