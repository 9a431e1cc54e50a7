#include "core/http/request_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace convoke::http {
namespace {

// Anything else has to be percent-encoded; a fragment ('#') stays with the client.
constexpr bool may_stand_in_target(char c) { return c > ' ' && c < '\x7f' && c != '#'; }

std::optional<std::string> why_target_refused(const std::string& target, std::size_t bytes_max) {
  if (target.size() > bytes_max) {
    return fmt::format("the path and query are longer than {} bytes", bytes_max);
  }
  if (target.empty() || target.front() != '/') {
    return "the request target must be a path that begins with '/'";
  }
  if (!std::all_of(target.begin(), target.end(), may_stand_in_target)) {
    return "the path or query contains a character that must be percent-encoded";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_refused(const RequestHead& head, Version version,
                                       std::size_t target_bytes_max) {
  if (version.major != 1 || version.minor > 1) {
    return fmt::format("HTTP/{}.{} is not spoken here: use HTTP/1.1", version.major, version.minor);
  }
  if (head.method == "CONNECT") return "CONNECT is not supported: this is no proxy";
  if (auto why = why_target_refused(head.target, target_bytes_max)) return why;
  std::size_t hosts = 0;
  for (const Header& header : head.headers) {
    if (equal_ignoring_case(header.name, "Host")) ++hosts;
    if (version.minor == 0 && equal_ignoring_case(header.name, "Transfer-Encoding")) {
      return "HTTP/1.0 knows no Transfer-Encoding";
    }
  }
  if (hosts > 1) return "there is more than one Host header";
  if (hosts == 0 && version.minor == 1) return "required HTTP header Host was not specified";
  return std::nullopt;
}

}  // namespace convoke::http
