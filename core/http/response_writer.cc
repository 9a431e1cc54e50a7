#include "core/http/response_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <llhttp.h>

#include <ctime>

namespace convoke::http {
namespace {

std::string_view reason_of(int status) {
  switch (status) {
#define CONVOKE_REASON(number, name, text) \
  case number:                             \
    return #text;
    HTTP_STATUS_MAP(CONVOKE_REASON)
#undef CONVOKE_REASON
    default:
      return "Unknown";
  }
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  ((out += name) += ": ");
  ((out += value) += "\r\n");
}

// What a handler's values may not do: end the line early.
bool is_clean(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

std::string_view DateLine::at(WallTime now) {
  const std::int64_t second = to_ms(now) / 1000;
  if (second != second_) {
    second_ = second;
    line_ = fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n",
                        fmt::gmtime(static_cast<std::time_t>(second)));
  }
  return line_;
}

std::string write_head(const Response& response, Framing framing, std::size_t length,
                       Connection connection, std::string_view date_line) {
  std::string out;
  out.reserve(512);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 reason_of(response.status));
  for (const Header& header : response.headers) {
    if (is_clean(header.name) && is_clean(header.value)) {
      append_line(out, header.name, header.value);
    }
  }
  out += date_line;
  if (framing == Framing::kChunked) {
    append_line(out, "Transfer-Encoding", "chunked");
  } else if (framing == Framing::kLength && may_have_body(response.status)) {
    append_line(out, "Content-Length", fmt::format_int(length).str());
  }
  if (connection == Connection::kClose) append_line(out, "Connection", "close");
  if (connection == Connection::kKeepAliveSaid) append_line(out, "Connection", "keep-alive");
  return out += "\r\n";
}

std::string write_chunk(std::string_view bytes) {
  if (bytes.empty()) return {};
  std::string chunk = fmt::format("{:x}\r\n", bytes.size());
  return (chunk += bytes) += "\r\n";
}

}  // namespace convoke::http
