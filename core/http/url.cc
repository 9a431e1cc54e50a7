#include "core/http/url.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace convoke {
namespace {

constexpr std::size_t kEscapeSize = 3;  // "%2F"

// The byte that an escape stands for; false if it is not one.
bool unescape(std::string_view escape, char& byte) {
  if (escape.size() != kEscapeSize) return false;
  unsigned value = 0;
  const char* end = escape.data() + kEscapeSize;
  const auto read = std::from_chars(escape.data() + 1, end, value, 16);
  byte = static_cast<char>(value);
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    char byte = text[at];
    if (byte == '%') {
      if (!unescape(text.substr(at, kEscapeSize), byte))
        return Error{ErrorCode::kInvalidArgument,
                     fmt::format("the request's target has a '%' that is not followed by two "
                                 "hexadecimal digits (byte {} of a part)",
                                 at)};
      at += kEscapeSize - 1;
    } else if (byte == '+' && plus == Plus::kIsSpace) {
      byte = ' ';
    }
    decoded += byte;
  }
  return decoded;
}

Result<Query> parse_query(std::string_view query) {
  Query pairs;
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(item.size() + 1, query.size()));
    if (item.empty()) continue;
    const std::size_t equals = std::min(item.find('='), item.size());
    Result<std::string> key = percent_decode(item.substr(0, equals), Plus::kIsSpace);
    if (!key) return key.error();
    const std::string_view rest = item.substr(std::min(equals + 1, item.size()));
    Result<std::string> value = percent_decode(rest, Plus::kIsSpace);
    if (!value) return value.error();
    pairs.emplace_back(*std::move(key), *std::move(value));
  }
  return pairs;
}

std::string_view get(const Query& query, std::string_view key) {
  const auto at =
      std::find_if(query.begin(), query.end(), [&](const auto& pair) { return pair.first == key; });
  return at == query.end() ? std::string_view() : at->second;
}

std::string_view host_without_port(std::string_view host) {
  if (!host.empty() && host.front() == '[') {
    const auto end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

}  // namespace convoke
