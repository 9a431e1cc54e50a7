#include "core/api/router.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "core/guard/admission.h"
#include "core/http/url.h"
#include "core/registry/rules.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

constexpr std::string_view kService = "{service}";
constexpr std::string_view kFunction = "{function}";
constexpr std::string_view kTrigger = "{trigger}";
constexpr std::string_view kDomain = "{domain}";
constexpr std::string_view kRest = "/{path}";
constexpr std::string_view kInvocation = "{invocation}";

// The path up to the next '/', taken from its front; the '/' itself is taken first.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

struct Names {
  std::string_view service;  // still encoded, with its qualifier
  std::string_view function;
  std::string_view trigger;
  std::string_view domain;
  std::string_view invocation;
};

std::optional<Names> match(std::string_view pattern, std::string_view path) {
  Names names;
  while (!pattern.empty() && path.starts_with('/')) {
    if (pattern == kRest) return names;
    const std::string_view expected = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (expected == kService) {
      names.service = segment;
    } else if (expected == kFunction) {
      names.function = segment;
    } else if (expected == kTrigger) {
      names.trigger = segment;
    } else if (expected == kDomain) {
      names.domain = segment;
    } else if (expected == kInvocation) {
      names.invocation = segment;
    } else if (expected != segment) {
      return std::nullopt;
    }
    if (segment.empty()) return std::nullopt;
  }
  const bool whole = pattern.empty() || pattern == kRest;
  return whole && path.empty() ? std::optional(names) : std::nullopt;
}

// SERVICE or SERVICE.QUALIFIER; no service has a '.' in its name.
Result<void> set_service(std::string_view segment, Route& route) {
  Result<std::string> decoded = percent_decode(segment, Plus::kIsPlus);
  if (!decoded) return decoded.error();
  const std::size_t dot = decoded->find('.');
  route.service = decoded->substr(0, dot);
  if (dot != std::string::npos) route.qualifier = decoded->substr(dot + 1);
  if (Result<void> right = check_service_name(route.service); !right) return right;
  if (dot != std::string::npos && route.qualifier.empty())
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("qualifier is missing after '{}.'", route.service)};
  return check_qualifier(route.qualifier);
}

Result<void> set_function(std::string_view segment, Route& route) {
  Result<std::string> decoded = percent_decode(segment, Plus::kIsPlus);
  if (!decoded) return decoded.error();
  route.function = *std::move(decoded);
  return check_function_name(route.function);
}

Result<void> set_trigger(std::string_view segment, Route& route) {
  Result<std::string> decoded = percent_decode(segment, Plus::kIsPlus);
  if (!decoded) return decoded.error();
  route.trigger = *std::move(decoded);
  return check_trigger_name(route.trigger);
}

// A call's own id, which is a name when one was made up, may begin with a digit.
Result<void> set_invocation(std::string_view segment, Route& route) {
  Result<std::string> decoded = percent_decode(segment, Plus::kIsPlus);
  if (!decoded) return decoded.error();
  const bool plain = std::all_of(decoded->begin(), decoded->end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  route.invocation = *std::move(decoded);
  if (plain && route.invocation.size() <= kInvocationNameMax) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("invocationId takes letters, digits, '_' and '-', at most {} of them",
                           kInvocationNameMax)};
}

Result<Route> route_by(const CustomDomain& domain, const http::RequestHead& head) {
  const Result<std::string> path = percent_decode(head.path(), Plus::kIsPlus);
  if (!path) return path.error();
  const DomainRoute* to = domain.route_of(*path);
  if (to == nullptr)
    return Error{ErrorCode::kTriggerNotFound,
                 fmt::format("no route of the custom domain '{}' fits the path '{}'", domain.name,
                             shown(*path))};
  if (!to->allows(head.method))
    return Error{ErrorCode::kMethodNotAllowed,
                 fmt::format("the route '{}' of the custom domain '{}' does not allow the method "
                             "'{}'",
                             to->path, domain.name, shown(head.method))};
  Route found;
  found.row = &row_of(Operation::kHttpTrigger);
  found.service = to->service;
  found.qualifier = to->qualifier;
  found.function = to->function;
  found.named_by = NamedBy::kDomain;
  return found;
}

}  // namespace

Result<Route> route(std::string_view method, std::string_view path) {
  for (const OperationRow& row : kOperations) {
    if (row.method != method && row.method != "*") continue;
    const std::optional<Names> names = match(row.pattern, path);
    if (!names) continue;
    Route found;
    found.row = &row;
    if (is_without_services(row)) found.service = kServiceOfBareNames;
    if (!names->service.empty()) {
      if (Result<void> set = set_service(names->service, found); !set) return set.error();
    }
    if (!names->function.empty()) {
      if (Result<void> set = set_function(names->function, found); !set) return set.error();
    }
    if (!names->trigger.empty()) {
      if (Result<void> set = set_trigger(names->trigger, found); !set) return set.error();
    }
    if (!names->domain.empty()) {
      Result<std::string> decoded = percent_decode(names->domain, Plus::kIsPlus);
      if (!decoded) return decoded.error();
      found.domain = *std::move(decoded);
    }
    if (!names->invocation.empty()) {
      if (Result<void> set = set_invocation(names->invocation, found); !set) return set.error();
    }
    return found;
  }
  return Error{ErrorCode::kPathNotSupported,
               fmt::format("'{}' against '{}' is not supported", shown(path), shown(method))};
}

Result<Route> route(const http::RequestHead& head) {
  const std::string* target = head.headers.find("x-fc-invocation-target");
  if (target == nullptr) return route(head.method, head.path());
  Result<Route> found = route(head.method, target->starts_with('/') ? *target : '/' + *target);
  if (!found || found->operation() != Operation::kHttpTrigger)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("x-fc-invocation-target is set to an invalid value (allowed: "
                             "2016-08-15/proxy/SERVICE/FUNCTION, actual: '{}')",
                             shown(*target))};
  found->named_by = NamedBy::kHeader;
  return found;
}

Result<Route> route(const http::RequestHead& head, const Directory& directory) {
  if (directory.domains() == 0) return route(head);
  const DomainPtr domain = directory.find_domain(host_without_port(head.headers.get("Host")));
  return domain ? route_by(*domain, head) : route(head);
}

}  // namespace convoke
