#include "core/registry/custom_domain.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/registry/lines.h"

namespace convoke {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Up to the separator, which goes too.
std::string_view take(std::string_view& text, char separator) {
  const std::string_view first = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(first.size() + 1, text.size()));
  return first;
}

std::vector<std::string> methods_from(std::string_view list) {
  std::vector<std::string> methods;
  while (!list.empty()) methods.emplace_back(take(list, ','));
  return methods;
}

std::optional<DomainRoute> route_from(std::string_view line) {
  DomainRoute route;
  route.path = take(line, ' ');
  std::string_view target = take(line, ' ');
  std::string_view service = take(target, '/');
  route.service = take(service, '.');
  route.qualifier = service;
  route.function = target;
  route.methods = methods_from(line);
  if (route.service.empty() || route.function.empty()) return std::nullopt;
  return route;
}

bool is_prefix(std::string_view path) { return path.ends_with("/*"); }

// What a program might take for another path than the one that was matched.
bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(segment.size());
  }
  return false;
}

}  // namespace

bool DomainRoute::fits(std::string_view decoded_path) const {
  if (!is_prefix(path)) return decoded_path == path;
  return decoded_path.starts_with(std::string_view(path).substr(0, path.size() - 1));
}

bool DomainRoute::allows(std::string_view method) const {
  return methods.empty() || std::find(methods.begin(), methods.end(), method) != methods.end();
}

const DomainRoute* CustomDomain::route_of(std::string_view decoded_path) const {
  if (has_dot_segment(decoded_path)) return nullptr;
  const auto rank = [](const DomainRoute& route) {
    return std::pair(!is_prefix(route.path), route.path.size());
  };
  const DomainRoute* best = nullptr;
  for (const DomainRoute& route : routes) {
    if (route.fits(decoded_path) && (best == nullptr || rank(*best) < rank(route))) best = &route;
  }
  return best;
}

bool HostLess::operator()(std::string_view a, std::string_view b) const {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return lower(x) < lower(y); });
}

std::string as_lines(const std::vector<DomainRoute>& routes) {
  std::string lines;
  for (const DomainRoute& route : routes) {
    const std::string_view dot = route.qualifier.empty() ? "" : ".";
    lines += fmt::format("{} {}{}{}/{} {}\n", route.path, route.service, dot, route.qualifier,
                         route.function, fmt::join(route.methods, ","));
  }
  return lines;
}

std::vector<DomainRoute> routes_from_lines(std::string_view lines) {
  std::vector<DomainRoute> routes;
  for (const std::string& line : from_lines(lines)) {
    if (auto route = route_from(line)) routes.push_back(*std::move(route));
  }
  return routes;
}

}  // namespace convoke
