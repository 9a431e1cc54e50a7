// What a user may set of a function, by the names that convoke.toml and `convoke set` share.
//
// One table maps each key to its member in the API. Values are checked for their kind alone: what
// range is allowed is the engine's to say, and it does.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/api_client.h"
#include "tools/async_settings.h"
#include "tools/function_name.h"
#include "tools/json.h"
#include "tools/outcome.h"

namespace convoke::cli {

enum class SettingKind { kText, kNumber };

struct SettingKey {
  std::string_view key;     // as users write it
  std::string_view member;  // in the API's JSON
  SettingKind kind;
  std::string_view help;
};

// What the function itself holds. `limit`, those of asynchronous calls (tools/async_settings.h) and
// the environment are kept elsewhere by the API.
[[nodiscard]] const std::vector<SettingKey>& setting_keys();
[[nodiscard]] std::vector<std::string> setting_names();  // with `limit` and the asynchronous ones
[[nodiscard]] std::string settings_help();               // a line for each

struct InstanceLimit {
  std::optional<std::int64_t> maximum;  // none: lifted
};

class FunctionSettings {
 public:
  // Failure: no such key (with a suggestion), or not a value of its kind.
  [[nodiscard]] Outcome<Done> set(std::string_view key, const std::string& value);
  void set_environment(const std::string& name, const std::string& value);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key) const;  // "" where it is not set
  [[nodiscard]] const std::optional<InstanceLimit>& limit() const { return limit_; }
  [[nodiscard]] const AsyncSettings& async() const { return async_; }
  // Whether anything is set that the function itself holds (the two above stand beside it).
  [[nodiscard]] bool changes_function() const { return !values_.empty() || environment_; }

  // The members that are set, inside the object that `json` has begun.
  void write_members(JsonWriter& json) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;  // by key
  std::optional<std::map<std::string, std::string>> environment_;
  std::optional<InstanceLimit> limit_;
  AsyncSettings async_;
};

// Puts or lifts the on-demand config. Lifting what was never set is no failure.
[[nodiscard]] Outcome<Done> apply_limit(ApiClient& api, const FunctionName& name,
                                        const InstanceLimit& limit);

}  // namespace convoke::cli
