// What `convoke serve` can be told, and from where: a flag, else an environment variable, else a
// key of the configuration file, else the default.
//
// --idle-timeout, CONVOKE_IDLE_TIMEOUT and idle_timeout are one setting: the latter two names are
// derived from the first.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/model/function.h"
#include "tools/outcome.h"

namespace convoke::cli {

struct ServeOptions {
  std::string listen = "127.0.0.1:7070";
  std::string access_keys;     // file; "": requests are not authenticated
  std::string token_key_file;  // "": the state directory's own
  std::string state = "./state";
  std::string queue;                // redis://...; "": embedded
  std::string queue_password_file;  // "": the queue's address says it
  std::string queue_ca;             // file, as the next two: for rediss://
  std::string queue_cert;
  std::string queue_key;
  std::string durability = "fsync";
  std::chrono::seconds engine_lease{30};
  std::string without_store = "refuse";  // or serve: synchronous calls, after that
  std::chrono::seconds state_wait{0};    // for an engine that has it and is about to end
  std::uint32_t shards = 0;              // 0: one for each core
  bool pin = false;                      // each shard's thread to a core of its own
  bool virtual_clock = false;
  std::string log_level = "info";
  std::chrono::seconds grace{30};          // for what runs, after SIGTERM, SIGINT or SIGUSR2
  std::chrono::seconds idle_timeout{300};  // then an instance without calls is stopped
  std::uint32_t account_instances_max = 300;
  std::chrono::seconds sync_wait_max{30};      // for a slot at a limit, then 429
  std::uint32_t sync_waiters_max = 10'000;     // of one function
  std::uint32_t queue_depth_max = 10'000'000;  // asynchronous calls that have not ended; then 429
  std::uint32_t function_queue_depth_max = 9'000'000;   // and of one function
  std::uint64_t async_event_max = kAsyncEventBytesMax;  // bytes
  std::uint32_t log_max_mb = 64;                        // of one function's log
  std::uint32_t log_max_days = 7;
  std::string destinations_allow;  // CIDR,...: not public, but deliveries may go there
  std::string launcher;  // the program that starts instances; default: beside this executable
};

// The options of one command line; `options` and `app` outlive it.
class ServeSettings {
 public:
  ServeSettings(CLI::App& app, ServeOptions& options);

  // After the parse: fills what neither a flag nor the environment has set, from the file that
  // --config names. Failure: unreadable, not TOML, an unknown key (with a suggestion), a bad value.
  [[nodiscard]] Outcome<Done> apply_config_file();
  // The same from text; `path` is for the messages.
  [[nodiscard]] Outcome<Done> apply_config(std::string_view text, const std::string& path);

 private:
  void add_text(const std::string& name, std::string& target, const std::string& help);
  void add_count(const std::string& name, std::uint32_t& target, const CLI::Range& range,
                 const std::string& help);
  void add_seconds(const std::string& name, std::chrono::seconds& target, const CLI::Range& range,
                   const std::string& help);
  void add_bytes(const std::string& name, std::uint64_t& target, std::uint64_t max,
                 const std::string& help);
  CLI::Option* keep(CLI::Option* option, const std::string& name);

  CLI::App& app_;
  std::string config_;
  std::vector<std::pair<std::string, CLI::Option*>> keys_;  // as a configuration file names them
};

// `convoke-launcher` beside this very program, wherever that lies. "" where it cannot be told.
[[nodiscard]] std::string launcher_beside_program();

}  // namespace convoke::cli
