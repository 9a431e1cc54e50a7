#include "core/registry/destination.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/registry/rules.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

constexpr std::string_view kArn = "acs:";
constexpr std::string_view kFunctionArn = "acs:fc:";
constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kKinds =
    "a function, acs:fc:REGION:ACCOUNT:services/SERVICE[.QUALIFIER]/functions/FUNCTION, or a URL, "
    "http://... or https://...";

// What is wrong with the text, for parse_destination to put into its sentence.
Error wrong(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

// The text up to `mark`, taken with it from the front; nullopt: there is no mark.
std::optional<std::string_view> take_until(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + 1);
  return taken;
}

// Of a region or an account; none is right too.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<FunctionDestination> function_of(std::string_view service, std::string_view function) {
  FunctionDestination to;
  const std::size_t dot = service.find('.');
  to.service = service.substr(0, dot);
  if (dot != std::string_view::npos) to.qualifier = service.substr(dot + 1);
  to.function = function;
  if (dot != std::string_view::npos && to.qualifier.empty()) return wrong("its qualifier is empty");
  if (Result<void> right = check_service_name(to.service); !right) return right.error();
  if (Result<void> right = check_qualifier(to.qualifier); !right) return right.error();
  if (Result<void> right = check_function_name(to.function); !right) return right.error();
  return to;
}

// "REGION:ACCOUNT:services/S[.Q]/functions/F".
Result<FunctionDestination> parse_function(std::string_view rest) {
  const auto region = take_until(rest, ':');
  const auto account = region ? take_until(rest, ':') : std::nullopt;
  if (!account || !is_plain(*region) || !is_plain(*account))
    return wrong("it is no function's ARN");
  const auto services = take_until(rest, '/');
  const auto service = services ? take_until(rest, '/') : std::nullopt;
  const auto functions = service ? take_until(rest, '/') : std::nullopt;
  if (!functions || *services != "services" || *functions != "functions")
    return wrong("it is no function's ARN");
  return function_of(*service, rest);
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool is_address_character(char c) {  // of IPv6
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' ||
         c == '.';
}

Result<std::uint16_t> parse_port(std::string_view text, std::uint16_t otherwise) {
  if (text.empty()) return otherwise;
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data() + 1, text.data() + text.size(), port);
  if (text.front() == ':' && failure == std::errc{} && end == text.data() + text.size() &&
      port != 0)
    return port;
  return wrong("its port is none");
}

// "HOST[:PORT]", "[ADDRESS][:PORT]".
Result<void> set_authority(std::string_view authority, UrlDestination& to) {
  if (authority.find('@') != std::string_view::npos)
    return wrong("it carries a user or a password, which would be shown to whoever reads it");
  const bool bracketed = !authority.empty() && authority.front() == '[';
  const std::size_t end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && end == std::string_view::npos) return wrong("its host is none");
  const std::string_view host = bracketed ? authority.substr(1, end - 1) : authority.substr(0, end);
  const bool right =
      !host.empty() &&
      std::all_of(host.begin(), host.end(), bracketed ? is_address_character : is_host_character);
  if (!right) return wrong(host.empty() ? "its host is missing" : "its host is none");
  to.host = host;
  const std::size_t after = bracketed ? end + 1 : std::min(end, authority.size());
  const Result<std::uint16_t> port = parse_port(authority.substr(after), to.port);
  if (!port) return port.error();
  to.port = *port;
  return {};
}

Result<UrlDestination> parse_url(UrlDestination::Scheme scheme, std::string_view rest) {
  const auto is_visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::all_of(rest.begin(), rest.end(), is_visible) ||
      rest.find_first_of("#\\") != std::string_view::npos)
    return wrong("it holds a character that must be percent-encoded in a URL");
  UrlDestination to;
  to.scheme = scheme;
  to.port = scheme == UrlDestination::Scheme::kHttps ? 443 : 80;
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  if (Result<void> set = set_authority(rest.substr(0, end), to); !set) return set.error();
  const std::string_view target = rest.substr(end);
  if (target.empty() || target.front() != '/') to.target = '/';
  to.target += target;
  return to;
}

Destination of(std::string_view text, std::variant<FunctionDestination, UrlDestination> to) {
  return {std::string(text), std::move(to)};
}

Result<Destination> parse(std::string_view text) {
  if (text.size() > kDestinationBytesMax)
    return wrong(fmt::format("it has more than {} bytes", kDestinationBytesMax));
  if (text.starts_with(kFunctionArn)) {
    Result<FunctionDestination> to = parse_function(text.substr(kFunctionArn.size()));
    return to ? Result(of(text, *std::move(to))) : to.error();
  }
  for (const auto& [prefix, scheme] : {std::pair(kHttp, UrlDestination::Scheme::kHttp),
                                       std::pair(kHttps, UrlDestination::Scheme::kHttps)}) {
    if (!text.starts_with(prefix)) continue;
    Result<UrlDestination> to = parse_url(scheme, text.substr(prefix.size()));
    return to ? Result(of(text, *std::move(to))) : to.error();
  }
  return wrong(text.starts_with(kArn) ? "this engine has no such destination"
                                      : "it is neither an ARN nor a URL");
}

}  // namespace

Result<Destination> parse_destination(std::string_view member, std::string_view text) {
  Result<Destination> parsed = parse(text);
  if (parsed) return parsed;
  return wrong(fmt::format("{} is set to an invalid value: {} (allowed: {}; actual: '{}')", member,
                           parsed.error().message, kKinds, shown(text)));
}

}  // namespace convoke
