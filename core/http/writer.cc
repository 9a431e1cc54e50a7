#include "core/http/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/http/date.h"

namespace convoke::http {
namespace {

// Without the headers: status line or request line, Host, Date, length, Connection.
constexpr std::size_t kHeadBeside = 192;

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 429:
      return "Too Many Requests";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    default:
      return "";  // a phrase is nobody's duty
  }
}

constexpr auto kMayStandInName = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

bool may_stand_in_name(char c) { return kMayStandInName[static_cast<unsigned char>(c)]; }

constexpr bool may_stand_in_value(char c) {
  return static_cast<unsigned char>(c) >= ' ' ? c != '\x7f' : c == '\t';
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  ((out += name) += ": ");
  ((out += value) += "\r\n");
}

void append(std::string& out, const Headers& headers) {
  for (const Header& header : headers) {
    const std::string& name = header.name;
    if (name.empty() || !std::all_of(name.begin(), name.end(), may_stand_in_name)) continue;
    const std::size_t value = out.size() + name.size() + 2;
    append_line(out, name, header.value);
    const auto from = out.begin() + static_cast<std::ptrdiff_t>(value);
    std::replace_if(
        from, out.end() - 2, [](char c) { return !may_stand_in_value(c); }, ' ');
  }
}

std::size_t size_of(const Headers& headers) {
  std::size_t bytes = 0;
  for (const Header& header : headers) bytes += header.name.size() + header.value.size() + 4;
  return bytes;
}

void append_length(std::string& out, std::size_t length) {
  const fmt::format_int digits(length);
  append_line(out, "Content-Length", {digits.data(), digits.size()});
}

}  // namespace

std::string_view DateLine::at(WallTime now) {
  const std::int64_t second = to_ms(now) / 1000;
  if (second != second_) {
    second_ = second;
    line_ = fmt::format("Date: {}\r\n", write_date(now));
  }
  return line_;
}

std::string write_response_head(const Response& response, const ResponseFrame& frame,
                                std::string_view date_line) {
  std::string out;
  out.reserve(kHeadBeside + size_of(response.headers) + frame.room);
  const fmt::format_int status(response.status);
  (out += "HTTP/1.1 ").append(status.data(), status.size()) += ' ';
  (out += reason_of(response.status)) += "\r\n";
  append(out, response.headers);
  out += date_line;
  if (frame.framing == Framing::kChunked) {
    append_line(out, "Transfer-Encoding", "chunked");
  } else if (frame.framing == Framing::kLength && may_have_body(response.status)) {
    append_length(out, frame.length);
  }
  if (frame.persistence == Persistence::kClose) append_line(out, "Connection", "close");
  if (frame.persistence == Persistence::kKeepAliveSaid)
    append_line(out, "Connection", "keep-alive");
  return out += "\r\n";
}

std::string write_request_head(const RequestHead& head, std::string_view host, std::size_t length,
                               std::size_t room) {
  std::string out;
  out.reserve(kHeadBeside + head.target.size() + size_of(head.headers) + room);
  (((out += head.method) += ' ') += head.target) += " HTTP/1.1\r\n";
  const bool own =
      head.headers.size() > 0 && equal_ignoring_case(head.headers.begin()->name, "Host");
  if (!own) append_line(out, "Host", host);
  append(out, head.headers);
  if (length > 0 || head.method != "GET") append_length(out, length);
  return out += "\r\n";
}

std::string write_chunk(std::string_view bytes) {
  if (bytes.empty()) return {};
  std::string chunk;
  chunk.reserve(bytes.size() + 20);
  fmt::format_to(std::back_inserter(chunk), "{:x}\r\n", bytes.size());
  return (chunk += bytes) += "\r\n";
}

}  // namespace convoke::http
