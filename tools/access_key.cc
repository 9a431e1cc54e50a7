#include "tools/access_key.h"

#include <cstdlib>
#include <string>

namespace convoke::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Outcome<std::optional<http::AccessKey>> access_key_of_environment() {
  http::AccessKey key{variable("CONVOKE_ACCESS_KEY_ID"), variable("CONVOKE_ACCESS_KEY_SECRET"),
                      variable("CONVOKE_SECURITY_TOKEN")};
  if (key.id.empty() && key.secret.empty()) return std::optional<http::AccessKey>();
  if (!key.id.empty() && !key.secret.empty()) return std::optional(std::move(key));
  return usage_failure(
      "CONVOKE_ACCESS_KEY_ID and CONVOKE_ACCESS_KEY_SECRET go together: set both, or none");
}

}  // namespace convoke::cli
