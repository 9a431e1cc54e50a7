#include "workers/http_frames.h"

#include <charconv>
#include <optional>
#include <utility>

namespace convoke {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

// The line up to its end, taken from the front; nullopt: it has no end.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find(kLineEnd);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + kLineEnd.size());
  return line;
}

std::optional<int> status_in(std::string_view line) {
  int status = 0;
  const auto [end, wrong] = std::from_chars(line.data(), line.data() + line.size(), status);
  const bool whole = wrong == std::errc() && end == line.data() + line.size();
  return whole && status >= 200 && status <= 599 ? std::optional(status) : std::nullopt;
}

bool add_header(std::string_view line, http::Headers& headers) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos || colon == 0) return false;
  headers.add(line.substr(0, colon), line.substr(colon + 2));
  return true;
}

Error bad(std::string_view why) {
  return {ErrorCode::kBadResponse, "the function's HTTP answer is not legal: " + std::string(why)};
}

}  // namespace

std::string http_event(const http::RequestHead& head, std::string_view body) {
  std::string text;
  text.reserve(kHttpAnswerHeadMax + body.size());
  (((text += head.method) += ' ') += head.target) += kLineEnd;
  for (const http::Header& header : head.headers)
    (((text += header.name) += ": ") += header.value) += kLineEnd;
  return (text += kLineEnd) += body;
}

Result<http::Response> read_http_answer(std::string payload) {
  std::string_view rest = std::string_view(payload).substr(0, kHttpAnswerHeadMax);
  http::Response response;
  const std::optional<std::string_view> first = take_line(rest);
  const std::optional<int> status = first ? status_in(*first) : std::nullopt;
  if (!status) return bad("its status is no number from 200 to 599");
  response.status = *status;
  std::size_t head = first->size() + kLineEnd.size();
  for (;;) {
    const std::optional<std::string_view> line = take_line(rest);
    if (!line) return bad("its headers are larger than 8 KB");
    head += line->size() + kLineEnd.size();
    if (line->empty()) break;
    if (!add_header(*line, response.headers)) return bad("a header has no name");
  }
  payload.erase(0, head);
  response.body = std::move(payload);
  return response;
}

}  // namespace convoke
