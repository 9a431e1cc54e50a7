#include "core/api/answers.h"

#include <fmt/core.h>

#include <charconv>
#include <chrono>

#include "core/registry/shown.h"

namespace convoke {

std::string rfc3339(WallTime time) {
  using std::chrono::days;
  using std::chrono::floor;
  const std::chrono::sys_time<Millis> since_epoch{Millis{to_ms(time)}};
  const auto day = floor<days>(since_epoch);
  const std::chrono::year_month_day date(day);
  const auto second_of_day = floor<Seconds>(since_epoch - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
}

http::Response finished(Result<http::Response> answer, const std::string& request_id) {
  if (!answer) return http::error_response(answer.error(), request_id);
  http::Response response = *std::move(answer);
  response.headers.set("X-Fc-Request-Id", request_id);
  return response;
}

http::Response json_answer(std::string body) {
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

http::Response json_answer(std::string body, const std::string& etag) {
  http::Response response = json_answer(std::move(body));
  response.headers.add("Etag", etag);
  return response;
}

http::Response no_content() {
  http::Response response;
  response.status = 204;
  return response;
}

IfMatch if_match_of(const http::Request& request) {
  const std::string* value = request.head.headers.find("If-Match");
  if (value == nullptr || value->empty()) return std::nullopt;
  return *value;
}

Result<ListQuery> list_query_of(const Query& query) {
  ListQuery list;
  list.prefix = get(query, "prefix");
  list.start_key = get(query, "startKey");
  list.next_token = get(query, "nextToken");
  const std::string_view limit = get(query, "limit");
  if (limit.empty()) return list;
  const auto read = std::from_chars(limit.data(), limit.data() + limit.size(), list.limit);
  if (read.ec == std::errc() && read.ptr == limit.data() + limit.size() && list.limit >= 1 &&
      list.limit <= kListLimitMax)
    return list;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("limit is set to an invalid value (allowed: 1 to {}, actual: '{}')",
                           kListLimitMax, shown(limit))};
}

}  // namespace convoke
