// A custom domain: a name by which requests reach functions without naming them, and which function
// by which path. Values, immutable once they are in a Change. Pure.
//
// A route's path is exact ("/login") or all that begins so ("/shop/*", which "/shop" does not); of
// several that fit, the longest wins, and an exact one over all. Paths are compared decoded.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/instant.h"

namespace convoke {

inline constexpr std::size_t kCustomDomainsMax = 10'000;  // ours: held in memory by every shard
inline constexpr std::size_t kDomainNameBytesMax = 253;   // as DNS has it
inline constexpr std::size_t kRoutesPerDomainMax = 100;   // ours
inline constexpr std::size_t kRoutePathBytesMax = 1024;   // ours

struct DomainRoute {
  std::string path;
  std::string service;
  std::string qualifier;  // as written: "" or LATEST
  std::string function;
  std::vector<std::string> methods;  // in order of the alphabet; none: those of the trigger
  friend bool operator==(const DomainRoute&, const DomainRoute&) = default;

  [[nodiscard]] bool fits(std::string_view decoded_path) const;
  [[nodiscard]] bool allows(std::string_view method) const;
};

struct CustomDomain {
  std::string name;  // in lower case
  std::vector<DomainRoute> routes;
  WallTime created{};
  WallTime modified{};
  std::string etag;

  // nullptr: none fits. Valid as long as this.
  [[nodiscard]] const DomainRoute* route_of(std::string_view decoded_path) const;
};
using DomainPtr = std::shared_ptr<const CustomDomain>;

// Names of hosts, in an order that does not tell the case of letters.
struct HostLess {
  using is_transparent = void;
  [[nodiscard]] bool operator()(std::string_view a, std::string_view b) const;
};

// Routes as rows keep them: "/shop/* shop.LATEST/web GET,POST", a line for each. What is no such
// line is left out.
[[nodiscard]] std::string as_lines(const std::vector<DomainRoute>& routes);
[[nodiscard]] std::vector<DomainRoute> routes_from_lines(std::string_view lines);

}  // namespace convoke
