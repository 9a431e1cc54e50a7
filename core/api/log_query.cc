#include "core/api/log_query.h"

#include <fmt/format.h>

#include <charconv>

#include "core/http/url.h"

namespace convoke {
namespace {

Result<std::size_t> read_lines(std::string_view text) {
  std::size_t lines = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), lines);
  const bool whole = failure == std::errc{} && end == text.data() + text.size();
  if (whole && lines >= 1 && lines <= kLogLinesMax) return lines;
  return Error{
      ErrorCode::kInvalidArgument,
      fmt::format("lines takes a whole number from 1 to {} (actual: '{}')", kLogLinesMax, text)};
}

}  // namespace

Result<LogQuery> read_log_query(std::string_view query) {
  auto pairs = parse_query(query);
  if (!pairs) return pairs.error();
  LogQuery asked;
  if (const std::string_view text = get(*pairs, "lines"); !text.empty()) {
    auto lines = read_lines(text);
    if (!lines) return lines.error();
    asked.lines_max = *lines;
  }
  if (const std::string_view text = get(*pairs, "requestId"); !text.empty()) {
    asked.call = CallId::parse(text);
    if (!asked.call) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("requestId takes a request id, 36 characters (actual: '{}')", text)};
    }
  }
  return asked;
}

}  // namespace convoke
