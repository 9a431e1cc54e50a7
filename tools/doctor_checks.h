// What `convoke doctor` looks at on this machine. Each check only looks; nothing is changed.
#pragma once

#include <string>
#include <vector>

#include "tools/api_client.h"

namespace convoke::cli {

enum class Health {
  kGood,
  kNote,   // works, with a limit worth knowing
  kFault,  // something will fail
};

struct Finding {
  std::string what;
  Health health = Health::kGood;
  std::string detail;
};

[[nodiscard]] Finding check_engine(ApiClient& api);
[[nodiscard]] Finding check_python();
[[nodiscard]] Finding check_launcher();
[[nodiscard]] Finding check_state(const std::string& directory);
// `access_keys`: the file; "" where serve has none.
[[nodiscard]] Finding check_authentication(const std::string& access_keys);
// Of the server that `serve` would be given with the same words. One finding at least.
struct QueueAsked {
  std::string queue;  // "": embedded, and not looked at
  std::string password_file;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::string durability = "fsync";
  std::string without_store = "refuse";
};
[[nodiscard]] std::vector<Finding> check_queue(const QueueAsked& asked);
[[nodiscard]] Finding check_open_files();
[[nodiscard]] Finding check_port_range();
[[nodiscard]] Finding check_sandbox();
[[nodiscard]] Finding check_allocator();

}  // namespace convoke::cli
