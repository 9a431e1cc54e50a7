// Lists that the API hands out in pages, walked to their end or as far as is wanted.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "tools/api_client.h"
#include "tools/json.h"
#include "tools/outcome.h"

namespace convoke::cli {

inline constexpr std::uint64_t kAllOfThem = std::numeric_limits<std::uint64_t>::max();

struct Listing {
  std::string path;
  std::string member;      // of the answer, that is the list; absent or null: an empty one
  std::string query = {};  // further parameters: "&prefix=a&status=Failed"
  std::uint64_t most = kAllOfThem;
};

struct Listed {
  bool more = false;  // there may be some beyond Listing::most
};

// Calls `each` for every element, page after page. Elements live during the call alone.
[[nodiscard]] Outcome<Listed> for_each_listed(
    ApiClient& api, const Listing& listing,
    const std::function<void(simdjson::dom::element)>& each);

}  // namespace convoke::cli
