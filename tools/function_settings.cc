#include "tools/function_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tools/suggest.h"

namespace convoke::cli {
namespace {

constexpr std::string_view kLimitHelp =
    "instances at once; 0 stops it and ends what runs, none: no limit";

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

const SettingKey* find_key(std::string_view key) {
  const auto& keys = setting_keys();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const SettingKey& one) { return one.key == key; });
  return found == keys.end() ? nullptr : &*found;
}

Outcome<InstanceLimit> parse_limit(const std::string& value) {
  if (value == "none") return InstanceLimit{};
  const auto number = parse_number(value);
  if (!number) return usage_failure(fmt::format("limit is a number or none, not '{}'", value));
  return InstanceLimit{number};
}

}  // namespace

const std::vector<SettingKey>& setting_keys() {
  static const std::vector<SettingKey> keys = {
      {"runtime", "runtime", SettingKind::kText, "python3, or custom (an executable `bootstrap`)"},
      {"handler", "handler", SettingKind::kText, "FILE.FUNCTION, as index.handler"},
      {"initializer", "initializer", SettingKind::kText, "FILE.FUNCTION run once per instance"},
      {"initialization_timeout", "initializationTimeout", SettingKind::kNumber, "seconds, 1..300"},
      {"timeout", "timeout", SettingKind::kNumber, "seconds a call may run, 1..86400"},
      {"memory", "memorySize", SettingKind::kNumber, "MB"},
      {"concurrency", "instanceConcurrency", SettingKind::kNumber, "calls at once in an instance"},
      {"port", "caPort", SettingKind::kNumber, "the custom runtime's port, as the API keeps it"},
      {"description", "description", SettingKind::kText, "for people"},
  };
  return keys;
}

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const SettingKey& key : setting_keys()) names.emplace_back(key.key);
  names.emplace_back("limit");
  for (const AsyncKey& key : async_keys()) names.emplace_back(key.key);
  return names;
}

std::string settings_help() {
  std::string help;
  for (const SettingKey& key : setting_keys()) {
    help += fmt::format("  {:<24}{}\n", key.key, key.help);
  }
  help += fmt::format("  {:<24}{}\n", "limit", kLimitHelp);
  for (const AsyncKey& key : async_keys()) help += fmt::format("  {:<24}{}\n", key.key, key.help);
  return help;
}

Outcome<Done> FunctionSettings::set(std::string_view key, const std::string& value) {
  if (key == "limit") {
    Outcome<InstanceLimit> limit = parse_limit(value);
    if (!limit) return limit.failure();
    limit_ = *limit;
    return Done{};
  }
  if (is_async_key(key)) return async_.set(key, value);
  const SettingKey* known = find_key(key);
  if (known == nullptr) {
    return usage_failure(
        fmt::format("unknown key '{}'{}", key, did_you_mean(key, setting_names())));
  }
  if (known->kind == SettingKind::kNumber && !parse_number(value)) {
    return usage_failure(fmt::format("{} is a number, not '{}'", key, value));
  }
  values_.insert_or_assign(std::string(key), value);
  return Done{};
}

void FunctionSettings::set_environment(const std::string& name, const std::string& value) {
  if (!environment_) environment_.emplace();
  environment_->insert_or_assign(name, value);
}

bool FunctionSettings::has(std::string_view key) const { return values_.count(key) != 0; }

std::string FunctionSettings::text(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::string() : found->second;
}

void FunctionSettings::write_members(JsonWriter& json) const {
  for (const auto& [key, value] : values_) {
    const SettingKey& known = *find_key(key);
    if (known.kind == SettingKind::kText) {
      json.member(known.member, std::string_view(value));
    } else {
      json.member(known.member, *parse_number(value));
    }
  }
  if (!environment_) return;
  json.key("environmentVariables");
  json.begin_object();
  for (const auto& [name, value] : *environment_) json.member(name, std::string_view(value));
  json.end_object();
}

Outcome<Done> apply_limit(ApiClient& api, const FunctionName& name, const InstanceLimit& limit) {
  ApiRequest request{"DELETE", name.function_path() + "/on-demand-config"};
  if (limit.maximum) {
    JsonWriter json;
    json.begin_object();
    json.member("maximumInstanceCount", *limit.maximum);
    json.end_object();
    request.method = "PUT";
    request.body = json.text();
  }
  Outcome<ApiReply> reply = api.send(request);
  if (!reply) return reply.failure();
  const bool nothing_to_lift = !limit.maximum && reply->error_code() == "OnDemandConfigNotFound";
  if (!reply->ok() && !nothing_to_lift) return reply->failure();
  return Done{};
}

}  // namespace convoke::cli
