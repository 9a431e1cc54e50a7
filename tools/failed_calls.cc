#include "tools/failed_calls.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

namespace convoke::cli {
namespace {

constexpr std::uint64_t kPagesPerSecond = 10;
constexpr const char* kRoot = "/convoke/failed";

std::string function_query(const FailedChoice& choice) {
  if (!choice.function) return {};
  return "&serviceName=" + percent_encoded(choice.function->service) +
         "&functionName=" + percent_encoded(choice.function->function);
}

ApiRequest page_request(const FailedChoice& choice, FailedDeed deed, std::uint64_t limit,
                        const std::string& token) {
  JsonWriter body;
  body.begin_object();
  if (choice.function) {
    body.member("serviceName", std::string_view(choice.function->service));
    body.member("functionName", std::string_view(choice.function->function));
  }
  body.member("limit", static_cast<std::int64_t>(limit));
  if (!token.empty()) body.member("nextToken", std::string_view(token));
  body.end_object();
  const std::string verb = deed == FailedDeed::kRedrive ? "/redrive" : "/purge";
  return {"POST", kRoot + verb, body.text()};
}

std::vector<std::string> texts_of(simdjson::dom::element object, const char* member) {
  std::vector<std::string> texts;
  simdjson::dom::array array;
  if (object[member].get(array) != simdjson::SUCCESS) return texts;
  for (const simdjson::dom::element element : array) {
    std::string_view text;
    if (element.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

struct PageDone {
  std::vector<std::string> done;
  std::vector<std::string> refused;
  std::string next_token;  // empty: nothing comes behind these
};

Outcome<PageDone> work_through_page(ApiClient& api, const FailedChoice& choice, FailedDeed deed,
                                    std::uint64_t limit, const std::string& token) {
  Outcome<ApiReply> reply = api.send_ok(page_request(choice, deed, limit, token));
  if (!reply) return reply.failure();
  JsonReader json;
  if (!json.parse(reply->body)) {
    return Failure{ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}};
  }
  std::string_view next;
  if (json.root()["nextToken"].get(next) != simdjson::SUCCESS) next = {};
  return PageDone{texts_of(json.root(), deed == FailedDeed::kRedrive ? "redriven" : "purged"),
                  texts_of(json.root(), "refused"), std::string(next)};
}

void append(std::vector<std::string> from, std::vector<std::string>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

Outcome<std::uint64_t> count_of(ApiClient& api, const FailedChoice& choice) {
  std::uint64_t count = 0;
  Outcome<Listed> listed = for_each_failed(api, choice, FailedOrder::kOldestFirst,
                                           [&](simdjson::dom::element) { ++count; });
  if (!listed) return listed.failure();
  return count;
}

}  // namespace

Pace pace_for(std::optional<std::uint64_t> calls_per_second) {
  if (!calls_per_second) return {};
  const std::uint64_t rate = std::max<std::uint64_t>(*calls_per_second, 1);
  const std::uint64_t page = std::clamp<std::uint64_t>(rate / kPagesPerSecond, 1, kFailedPageMax);
  return {page, std::chrono::milliseconds{(1000 * page + rate - 1) / rate}};
}

Outcome<Listed> for_each_failed(ApiClient& api, const FailedChoice& choice, FailedOrder order,
                                const std::function<void(simdjson::dom::element)>& each) {
  Listing listing{kRoot, "invocations", function_query(choice), choice.most};
  if (order == FailedOrder::kOldestFirst) listing.query += "&sortOrderByTime=asc";
  return for_each_listed(api, listing, each);
}

FailedWork work_through_failed(ApiClient& api, const FailedChoice& choice, FailedDeed deed,
                               const Pace& pace) {
  FailedWork work;
  std::string token;
  Outcome<std::uint64_t> count = count_of(api, choice);
  if (!count) return {{}, {}, count.failure()};
  std::uint64_t left = *count;
  while (left > 0) {
    Outcome<PageDone> page = work_through_page(api, choice, deed, std::min(pace.page, left), token);
    if (!page) {
      work.ended_by = page.failure();
      return work;
    }
    left -= std::min<std::uint64_t>(left, page->done.size() + page->refused.size());
    append(std::move(page->done), work.done);
    append(std::move(page->refused), work.refused);
    token = std::move(page->next_token);
    if (token.empty()) return work;
    if (left > 0) std::this_thread::sleep_for(pace.pause);
  }
  return work;
}

}  // namespace convoke::cli
