#include "tools/listing.h"

#include <fmt/format.h>

namespace convoke::cli {
namespace {

constexpr int kPageSize = 100;
constexpr int kPagesMax = 10'000;  // a token that never ends is the other side's fault

Failure not_a_list(const std::string& path) {
  return Failure{ExitCode::kUnreachable,
                 fmt::format("{} did not answer as a list: is that a Convoke engine?", path),
                 {},
                 {}};
}

}  // namespace

Outcome<Done> for_each_listed(ApiClient& api, const std::string& path, const std::string& member,
                              const std::function<void(simdjson::dom::element)>& each) {
  std::string token;
  for (int page = 0; page < kPagesMax; ++page) {
    const std::string query = token.empty() ? "" : "&nextToken=" + percent_encoded(token);
    Outcome<ApiReply> reply =
        api.send_ok({"GET", fmt::format("{}?limit={}{}", path, kPageSize, query)});
    if (!reply) return reply.failure();
    JsonReader json;
    simdjson::dom::array elements;
    if (!json.parse(reply->body) || json.root()[member].get(elements) != simdjson::SUCCESS) {
      return not_a_list(path);
    }
    for (const simdjson::dom::element element : elements) each(element);
    token = json.text("nextToken");
    if (token.empty()) return Done{};
  }
  return not_a_list(path);
}

}  // namespace convoke::cli
