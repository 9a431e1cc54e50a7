#include "core/guard/lineage_carriers.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/http/signature.h"
#include "core/model/trimmed.h"

namespace convoke {
namespace {

constexpr std::string_view kKey = "convoke=";
// What is read of a header of that name; W3C lets vendors cut a longer one.
constexpr std::size_t kTracestateMax = 4096;
constexpr std::size_t kTraceparentSize = 55;

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

// "ff" is no version. A later one may go on behind a dash.
bool looks_like_traceparent(std::string_view text) {
  if (text.size() < kTraceparentSize || text.substr(0, 2) == "ff") return false;
  if (text.size() > kTraceparentSize && (text[kTraceparentSize] != '-' || text.starts_with("00"))) {
    return false;
  }
  for (std::size_t i = 0; i < kTraceparentSize; ++i) {
    const bool dash = i == 2 || i == 35 || i == 52;
    if (dash ? text[i] != '-' : hex_value(text[i]) < 0) return false;
  }
  return true;
}

// Whoever signs by URL must not shed its token by another one in a header, which is not looked at.
std::string token_of_url(const http::RequestHead& head) {
  if (head.query().empty() || head.headers.find("Authorization") != nullptr) return {};
  const auto request = http::read_signed(head);
  return request ? request->security_token : std::string();
}

}  // namespace

SecurityTokenParts split_security_token(std::string_view token) noexcept {
  const std::size_t mac = token.rfind('/');
  const std::size_t dot = token.find('.', mac == std::string_view::npos ? 0 : mac);
  if (dot == std::string_view::npos) return {token, {}};
  return {token.substr(0, dot), token.substr(dot + 1)};
}

std::string_view convoke_entry(std::string_view tracestate) noexcept {
  tracestate = tracestate.substr(0, kTracestateMax);
  while (!tracestate.empty()) {
    const std::size_t end = std::min(tracestate.find(','), tracestate.size());
    const std::string_view entry = trimmed(tracestate.substr(0, end));
    if (entry.starts_with(kKey)) return entry.substr(kKey.size());
    tracestate.remove_prefix(std::min(end + 1, tracestate.size()));
  }
  return {};
}

TraceId trace_of(std::string_view traceparent) noexcept {
  TraceId trace{};
  traceparent = trimmed(traceparent);
  if (!looks_like_traceparent(traceparent)) return trace;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const int high = hex_value(traceparent[3 + 2 * i]);
    trace[i] = static_cast<std::uint8_t>(high << 4 | hex_value(traceparent[4 + 2 * i]));
  }
  return trace;
}

std::optional<LineageToken> read_lineage(const http::RequestHead& head, TokenReader& tokens) {
  const http::Headers& headers = head.headers;
  const std::string in_url = token_of_url(head);
  const std::array<std::string_view, 3> carried = {
      split_security_token(in_url.empty() ? headers.get("X-Fc-Security-Token") : in_url).lineage,
      headers.get(kLineageHeader),
      convoke_entry(headers.get("tracestate")),
  };
  for (const std::string_view text : carried) {
    if (text.empty()) continue;
    if (auto token = tokens.open(text)) return token;
  }
  return std::nullopt;
}

}  // namespace convoke
