#include "tools/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace convoke::cli {
namespace {

constexpr std::uint64_t kPageSize = 100;
constexpr int kPagesMax = 100'000;  // a token that never ends is the other side's fault

Failure not_a_list(const std::string& path) {
  return Failure{ExitCode::kUnreachable,
                 fmt::format("{} did not answer as a list: is that a Convoke engine?", path),
                 {},
                 {}};
}

Outcome<ApiReply> page_of(ApiClient& api, const Listing& listing, std::uint64_t wanted,
                          const std::string& token) {
  const std::string next = token.empty() ? "" : "&nextToken=" + percent_encoded(token);
  return api.send_ok({"GET", fmt::format("{}?limit={}{}{}", listing.path,
                                         std::min(kPageSize, wanted), listing.query, next)});
}

// The page's elements; nullopt: this is no page of a list.
std::optional<std::vector<simdjson::dom::element>> elements_of(simdjson::dom::element page,
                                                               const std::string& member) {
  std::vector<simdjson::dom::element> elements;
  simdjson::dom::element list;
  if (!page.is_object()) return std::nullopt;
  if (page[member].get(list) != simdjson::SUCCESS || list.is_null()) return elements;
  simdjson::dom::array array;
  if (list.get(array) != simdjson::SUCCESS) return std::nullopt;
  for (const simdjson::dom::element element : array) elements.push_back(element);
  return elements;
}

}  // namespace

Outcome<Listed> for_each_listed(ApiClient& api, const Listing& listing,
                                const std::function<void(simdjson::dom::element)>& each) {
  std::string token;
  std::uint64_t left = listing.most;
  for (int page = 0; page < kPagesMax; ++page) {
    Outcome<ApiReply> reply = page_of(api, listing, left, token);
    if (!reply) return reply.failure();
    JsonReader json;
    if (!json.parse(reply->body)) return not_a_list(listing.path);
    const auto elements = elements_of(json.root(), listing.member);
    if (!elements) return not_a_list(listing.path);
    for (const simdjson::dom::element element : *elements) {
      if (left == 0) return Listed{true};
      each(element);
      --left;
    }
    token = json.text("nextToken");
    if (token.empty()) return Listed{};
    if (left == 0) return Listed{true};
  }
  return not_a_list(listing.path);
}

}  // namespace convoke::cli
