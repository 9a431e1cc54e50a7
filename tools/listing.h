// Lists that the API hands out in pages, walked to their end.
#pragma once

#include <functional>
#include <string>

#include "tools/api_client.h"
#include "tools/json.h"
#include "tools/outcome.h"

namespace convoke::cli {

// Calls `each` for every element of `member`, page after page. Elements live during the call alone.
[[nodiscard]] Outcome<Done> for_each_listed(
    ApiClient& api, const std::string& path, const std::string& member,
    const std::function<void(simdjson::dom::element)>& each);

}  // namespace convoke::cli
