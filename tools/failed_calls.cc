#include "tools/failed_calls.h"

#include <algorithm>
#include <iterator>
#include <set>
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

ApiRequest page_request(const FailedChoice& choice, FailedDeed deed, std::uint64_t limit) {
  JsonWriter body;
  body.begin_object();
  if (choice.function) {
    body.member("serviceName", std::string_view(choice.function->service));
    body.member("functionName", std::string_view(choice.function->function));
  }
  body.member("limit", static_cast<std::int64_t>(limit));
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
};

Outcome<PageDone> work_through_page(ApiClient& api, const FailedChoice& choice, FailedDeed deed,
                                    std::uint64_t limit) {
  Outcome<ApiReply> reply = api.send_ok(page_request(choice, deed, limit));
  if (!reply) return reply.failure();
  JsonReader json;
  if (!json.parse(reply->body)) {
    return Failure{ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}};
  }
  return PageDone{texts_of(json.root(), deed == FailedDeed::kRedrive ? "redriven" : "purged"),
                  texts_of(json.root(), "refused")};
}

// What was refused stays at the head of the list, and comes up again in the next page.
std::uint64_t remember(std::vector<std::string> refused, std::set<std::string>& known,
                       FailedWork& work) {
  std::uint64_t fresh = 0;
  for (std::string& one : refused) {
    if (!known.insert(one).second) continue;
    work.refused.push_back(std::move(one));
    ++fresh;
  }
  return fresh;
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
  std::set<std::string> known;
  Outcome<std::uint64_t> count = count_of(api, choice);
  if (!count) return {{}, {}, count.failure()};
  std::uint64_t left = *count;
  while (left > 0) {
    // Room for those that were refused before: else they alone would fill a small page.
    const std::uint64_t limit =
        std::min(std::min(pace.page, left) + work.refused.size(), kFailedPageMax);
    Outcome<PageDone> page = work_through_page(api, choice, deed, limit);
    if (!page) {
      work.ended_by = page.failure();
      return work;
    }
    const std::uint64_t fresh = remember(std::move(page->refused), known, work);
    const std::uint64_t moved = page->done.size() + fresh;
    if (moved == 0) return work;
    std::move(page->done.begin(), page->done.end(), std::back_inserter(work.done));
    left -= std::min(left, moved);
    if (left > 0) std::this_thread::sleep_for(pace.pause);
  }
  return work;
}

}  // namespace convoke::cli
