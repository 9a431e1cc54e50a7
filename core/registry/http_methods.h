// The methods of requests that a trigger or a route is for. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"

namespace convoke {

inline constexpr std::array<std::string_view, 7> kHttpMethods = {
    "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};

// In order of the alphabet, each once. InvalidArgument names `member` and the one that is none.
[[nodiscard]] Result<void> set_in_order(std::string_view member, std::vector<std::string>& methods);

}  // namespace convoke
