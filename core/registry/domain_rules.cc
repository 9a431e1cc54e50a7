#include "core/registry/domain_rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/registry/http_methods.h"
#include "core/registry/rules.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

constexpr std::size_t kLabelBytesMax = 63;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_of_label(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; }

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), is_of_label);
}

bool is_domain(std::string_view name) {
  if (name.size() > kDomainNameBytesMax || name.find('.') == std::string_view::npos) return false;
  std::string_view label;
  for (std::string_view rest = name; !rest.empty();) {
    label = rest.substr(0, rest.find('.'));
    if (!is_label(label)) return false;
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
  }
  // No address ends in a letter, and nobody's name in a dot.
  return name.back() != '.' && !std::all_of(label.begin(), label.end(), is_digit) &&
         label != "localhost";
}

bool is_route_path(std::string_view path) {
  const std::string_view plain = path.ends_with("/*") ? path.substr(0, path.size() - 1) : path;
  return plain.starts_with('/') && path.size() <= kRoutePathBytesMax &&
         std::all_of(plain.begin(), plain.end(), [](char c) {
           return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '*';
         });
}

Result<void> check_route(DomainRoute& route) {
  if (!is_route_path(route.path))
    return invalid(fmt::format(
        "routeConfig.routes.path is set to an invalid value (allowed: /PATH, or /PATH/* "
        "for all below it, at most {} bytes without blanks, actual: '{}')",
        kRoutePathBytesMax, shown(route.path)));
  for (const Result<void>& right :
       {check_service_name(route.service), check_function_name(route.function),
        check_qualifier(route.qualifier),
        set_in_order("routeConfig.routes.methods", route.methods)}) {
    if (!right) return right;
  }
  return {};
}

Result<void> set_routes(std::vector<DomainRoute> routes, CustomDomain& domain) {
  if (routes.size() > kRoutesPerDomainMax)
    return invalid(fmt::format("routeConfig.routes has too many entries (max: {}, actual: {})",
                               kRoutesPerDomainMax, routes.size()));
  for (auto at = routes.begin(); at != routes.end(); ++at) {
    if (Result<void> right = check_route(*at); !right) return right;
    const bool twice = std::any_of(
        routes.begin(), at, [&at](const DomainRoute& before) { return before.path == at->path; });
    if (twice)
      return invalid(fmt::format("routeConfig.routes has the path '{}' twice", shown(at->path)));
  }
  domain.routes = std::move(routes);
  return {};
}

}  // namespace

Result<void> check_domain_name(std::string_view name) {
  if (is_domain(name)) return {};
  return invalid(
      fmt::format("domainName is set to an invalid value (allowed: a DNS name in lower case with a "
                  "dot in it, at most {} bytes, no address and not localhost, actual: '{}')",
                  kDomainNameBytesMax, shown(name)));
}

Result<void> apply_fields(const DomainFields& fields, CustomDomain& domain) {
  if (fields.protocol && *fields.protocol != "HTTP")
    return invalid(
        fmt::format("protocol is set to an invalid value (allowed: HTTP; this engine speaks no TLS "
                    "to clients: put a proxy in front, actual: '{}')",
                    shown(*fields.protocol)));
  return fields.routes ? set_routes(*fields.routes, domain) : Result<void>();
}

}  // namespace convoke
