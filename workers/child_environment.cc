#include "workers/child_environment.h"

#include <algorithm>
#include <utility>

namespace convoke {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

void set(Variables& variables, const std::string& key, std::string value) {
  const auto same = std::find_if(variables.begin(), variables.end(),
                                 [&key](const auto& variable) { return variable.first == key; });
  if (same != variables.end()) {
    same->second = std::move(value);
  } else {
    variables.emplace_back(key, std::move(value));
  }
}

}  // namespace

std::vector<std::string> child_environment(const Function& function, std::string_view instance_id,
                                           const Place& place,
                                           std::optional<std::uint16_t> server_port) {
  const FunctionSpec& spec = function.spec;
  Variables variables = {
      {"PATH", place.path},
      {"HOME", "/tmp"},
      {"TMPDIR", "/tmp"},
      {"LANG", "C.UTF-8"},
      {"FC_ACCOUNT_ID", place.account_id},
      {"FC_FUNC_CODE_PATH", function.code.directory + '/'},
      {"FC_FUNCTION_HANDLER", spec.handler},
      {"FC_FUNCTION_MEMORY_SIZE", std::to_string(spec.memory_mb)},
      {"FC_FUNCTION_NAME", spec.name},
      {"FC_INSTANCE_ID", std::string(instance_id)},
      {"FC_REGION", place.region},
      {"FC_SERVICE_NAME", spec.service},
  };
  for (const auto& [key, value] : spec.environment) set(variables, key, value);
  if (server_port.has_value()) {
    set(variables, "FC_SERVER_PORT", std::to_string(*server_port));
  }

  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [key, value] : variables) environment.push_back(key + '=' + value);
  return environment;
}

}  // namespace convoke
