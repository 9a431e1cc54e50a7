#include "core/registry/http_methods.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/registry/shown.h"

namespace convoke {

Result<void> set_in_order(std::string_view member, std::vector<std::string>& methods) {
  for (const std::string& method : methods) {
    if (std::find(kHttpMethods.begin(), kHttpMethods.end(), method) == kHttpMethods.end())
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{} has an invalid value (allowed: {}, actual: '{}')", member,
                               fmt::join(kHttpMethods, " | "), shown(method))};
  }
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  return {};
}

}  // namespace convoke
