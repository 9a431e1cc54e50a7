#include "tools/serve_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "tools/files.h"
#include "tools/suggest.h"
#include "tools/toml_file.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kConfigBytesMax = 1UL << 20;
constexpr int kDay = 86'400;
constexpr int kQueueDepthLimit = 100'000'000;

std::string key_of(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string variable_of(const std::string& name) {
  std::string variable = "CONVOKE_" + key_of(name);
  for (char& c : variable) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

}  // namespace

ServeSettings::ServeSettings(CLI::App& app, ServeOptions& options) : app_(app) {
  const CLI::Range any_count(1, 1'000'000);
  add_text("listen", options.listen, "HOST:PORT; loopback only, unless there are --access-keys");
  add_text("access-keys", options.access_keys,
           "FILE with lines ACCESS_KEY_ID SECRET [ACCOUNT_ID]: only requests they sign are served");
  add_text("token-key-file", options.token_key_file,
           "FILE of the key that makes functions' credentials (default: token.key in the state)");
  add_text("state", options.state, "directory of journals, registry, code and logs");
  add_text(
      "queue", options.queue,
      "redis[s]://[USER@]HOST[:PORT][/DB] or unix:PATH, shared by engines (default: the state)");
  add_text("queue-password-file", options.queue_password_file, "FILE with the server's password");
  add_text("queue-ca", options.queue_ca,
           "PEM FILE of whom rediss:// trusts (default: whom the system trusts)");
  add_text("queue-cert", options.queue_cert, "PEM FILE of the certificate that rediss:// shows");
  add_text("queue-key", options.queue_key, "PEM FILE of its key");
  add_text("durability", options.durability,
           "of calls on that server: fsync (appendfsync always), server (as it is set), or "
           "replicas:N");
  add_seconds("engine-lease", options.engine_lease, CLI::Range(3, 3600),
              "without the queue's server, then nothing more starts and others take over");
  add_text(
      "without-store", options.without_store,
      "refuse or serve: sync calls after that. Served, no kill switch set meanwhile stops them");
  keys_.back().second->check(CLI::IsMember({"refuse", "serve"}));
  add_seconds("state-wait", options.state_wait, CLI::Range(0, kDay),
              "for another engine to let go of it");
  add_count("shards", options.shards, CLI::Range(0, 64),
            "threads with a loop each; 0: as many as cores");
  keep(app_.add_flag("--pin", options.pin, "pin each shard's thread to a core"), "pin");
  keep(app_.add_flag("--virtual-clock", options.virtual_clock,
                     "for tests: time moves by `convoke clock advance` alone"),
       "virtual-clock");
  add_text("log-level", options.log_level, "trace, debug, info, warn, error or off");
  keys_.back().second->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  add_seconds("grace", options.grace, CLI::Range(0, kDay),
              "for running calls to finish, once told to stop");
  add_seconds("idle-timeout", options.idle_timeout, CLI::Range(1, kDay),
              "then an instance without calls is stopped");
  add_count("account-instances-max", options.account_instances_max, any_count,
            "instances at once, of all functions");
  add_seconds("sync-wait-max", options.sync_wait_max, CLI::Range(0, kDay),
              "a sync call waits so long at a limit, then gets 429");
  add_count("sync-waiters-max", options.sync_waiters_max, any_count,
            "sync calls of one function that may wait");
  const CLI::Range depth(1, kQueueDepthLimit);
  add_count("queue-depth-max", options.queue_depth_max, depth,
            "async calls that have not ended, then 429; each shard has its share");
  add_count("function-queue-depth-max", options.function_queue_depth_max, depth,
            "and of one function; keep it lower, so that none fills the queue");
  add_bytes("async-event-max", options.async_event_max, kSyncEventBytesMax,
            "of one async call's event, up to 32MB; beyond: 400 EntityTooLarge");
  add_count("log-max-mb", options.log_max_mb, CLI::Range(1, 1'000'000),
            "size of one function's log; the oldest lines go");
  add_count("log-max-days", options.log_max_days, CLI::Range(1, 36'500), "age of its oldest lines");
  add_text("destinations-allow", options.destinations_allow,
           "CIDR,... of private networks that destinations may be in (default: none)");
  add_text("launcher", options.launcher,
           "the program that starts instances (default: convoke-launcher beside this one)");
  app_.add_option("--config", config_, "TOML file with these settings")->envname("CONVOKE_CONFIG");
}

CLI::Option* ServeSettings::keep(CLI::Option* option, const std::string& name) {
  keys_.emplace_back(key_of(name), option);
  return option->envname(variable_of(name));
}

void ServeSettings::add_text(const std::string& name, std::string& target,
                             const std::string& help) {
  keep(app_.add_option("--" + name, target, help), name)->capture_default_str();
}

void ServeSettings::add_count(const std::string& name, std::uint32_t& target,
                              const CLI::Range& range, const std::string& help) {
  keep(app_.add_option("--" + name, target, help), name)->check(range)->capture_default_str();
}

// 131072, 128KB, 32MB: of 1,024 each.
void ServeSettings::add_bytes(const std::string& name, std::uint64_t& target, std::uint64_t max,
                              const std::string& help) {
  keep(app_.add_option("--" + name, target, help), name)
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(std::uint64_t{1}, max))
      ->type_name("BYTES")
      ->default_str(fmt::format("{}KB", target >> 10));
}

void ServeSettings::add_seconds(const std::string& name, std::chrono::seconds& target,
                                const CLI::Range& range, const std::string& help) {
  const auto set = [&target](const std::uint32_t& count) { target = std::chrono::seconds(count); };
  keep(app_.add_option_function<std::uint32_t>("--" + name, set, help), name)
      ->check(range)
      ->type_name("SECONDS")
      ->default_str(fmt::format("{}", target.count()));
}

Outcome<Done> ServeSettings::apply_config_file() {
  if (config_.empty()) return Done{};
  Outcome<std::string> text = read_whole_file(config_, kConfigBytesMax);
  if (!text) return text.failure();
  return apply_config(*text, config_);
}

Outcome<Done> ServeSettings::apply_config(std::string_view text, const std::string& path) {
  Outcome<std::vector<TomlEntry>> entries = parse_toml(text, path);
  if (!entries) return entries.failure();
  for (const TomlEntry& entry : *entries) {
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const auto& key) {
      return entry.table.empty() && key.first == entry.key;
    });
    if (found == keys_.end()) {
      std::vector<std::string> names;
      for (const auto& key : keys_) names.push_back(key.first);
      return usage_failure(fmt::format("{}:{}: unknown key '{}'{}", path, entry.line, entry.key,
                                       did_you_mean(entry.key, names)));
    }
    CLI::Option* option = found->second;
    if (option->count() != 0) continue;  // a flag or the environment has spoken
    try {
      option->add_result(entry.value);
      option->run_callback();
    } catch (const CLI::ParseError& error) {
      return usage_failure(fmt::format("{}:{}: {}", path, entry.line, error.what()));
    }
  }
  return Done{};
}

std::string launcher_beside_program() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : (program.parent_path() / "convoke-launcher").string();
}

}  // namespace convoke::cli
