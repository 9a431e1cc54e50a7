// The environment of an instance's process: what it needs, nothing of the engine's. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/function.h"
#include "workers/credentials.h"

namespace convoke {

// What every function of this engine is told.
struct Place {
  std::string region = "local";
  std::string account_id = "123456789012";
  CredentialSource* credentials = nullptr;  // outlives it; none: functions get none
  std::string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";  // PATH
};

// "KEY=value". The user's environmentVariables win over the defaults, but for FC_SERVER_PORT.
[[nodiscard]] std::vector<std::string> child_environment(const Function& function,
                                                         std::string_view instance_id,
                                                         const Place& place,
                                                         std::optional<std::uint16_t> server_port);

}  // namespace convoke
