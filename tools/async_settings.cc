#include "tools/async_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/model/function.h"

namespace convoke::cli {
namespace {

constexpr std::string_view kDestinations = "destinationConfig";
constexpr std::string_view kDestination = "destination";

const AsyncKey& key_of(std::string_view key) {
  const auto& keys = async_keys();
  return *std::find_if(keys.begin(), keys.end(),
                       [&](const AsyncKey& one) { return one.key == key; });
}

std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::string text_in(simdjson::dom::element config, const AsyncKey& key) {
  simdjson::dom::element value;
  if (key.kind != AsyncKind::kDestination) {
    const bool set = config[key.member].get(value) == simdjson::SUCCESS && !value.is_null();
    return set ? std::string(simdjson::minify(value)) : std::string();
  }
  if (config[kDestinations].get(value) != simdjson::SUCCESS || !value.is_object()) return {};
  if (value[key.member].get(value) != simdjson::SUCCESS || !value.is_object()) return {};
  return text_of(value, kDestination);
}

}  // namespace

const std::vector<AsyncKey>& async_keys() {
  static const std::string retries = std::to_string(kAsyncRetriesDefault);
  static const std::string age = std::to_string(kAsyncAgeMaxDefault.count());
  static const std::vector<AsyncKey> keys = {
      {"retries", "maxAsyncRetryAttempts", AsyncKind::kNumber, retries,
       fmt::format("runs after a failed asynchronous one, 0..8; none: {}", retries)},
      {"max_age", "maxAsyncEventAgeInSeconds", AsyncKind::kNumber, age,
       fmt::format("seconds an asynchronous call may wait and retry, 1..604800; none: {}", age)},
      {"on_success", "onSuccess", AsyncKind::kDestination, "",
       "who is told that one succeeded: a function's ARN or a URL; or none"},
      {"on_failure", "onFailure", AsyncKind::kDestination, "", "the same for one that failed"},
      {"stateful", "statefulInvocation", AsyncKind::kFlag, "false",
       "true: each asynchronous call has a name; none: false"},
  };
  return keys;
}

bool is_async_key(std::string_view key) {
  const auto& keys = async_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const AsyncKey& one) { return one.key == key; });
}

Outcome<Done> AsyncSettings::set(std::string_view name, const std::string& value) {
  const AsyncKey& key = key_of(name);
  const std::string& set_to = value == "none" ? key.none : value;
  if (key.kind == AsyncKind::kNumber && !is_number(set_to))
    return usage_failure(fmt::format("{} is a number or none, not '{}'", name, value));
  if (key.kind == AsyncKind::kFlag && set_to != "true" && set_to != "false")
    return usage_failure(fmt::format("{} is true, false or none, not '{}'", name, value));
  if (key.kind == AsyncKind::kDestination && value.empty())
    return usage_failure(
        fmt::format("{} is empty: name a destination, or none to have no more told", name));
  values_.insert_or_assign(std::string(name), set_to);
  return Done{};
}

std::string AsyncSettings::body() const {
  JsonWriter json;
  JsonWriter destinations;
  json.begin_object();
  destinations.begin_object();
  bool has_destinations = false;
  for (const auto& [name, value] : values_) {
    const AsyncKey& key = key_of(name);
    if (key.kind == AsyncKind::kDestination) {
      has_destinations = true;
      destinations.key(key.member);
      destinations.begin_object();
      destinations.member(kDestination, std::string_view(value));
      destinations.end_object();
    } else if (key.kind == AsyncKind::kNumber) {
      json.member(key.member, number_in(value));
    } else {
      json.key(key.member);
      json.boolean(value == "true");
    }
  }
  destinations.end_object();
  if (has_destinations) {
    json.key(kDestinations);
    json.raw(std::string_view(destinations.text()));
  }
  json.end_object();
  return json.text();
}

Outcome<Done> apply_async(ApiClient& api, const FunctionName& name, const AsyncSettings& settings) {
  ApiRequest request{"PUT", name.function_path() + "/async-invoke-config"};
  request.body = settings.body();
  Outcome<ApiReply> reply = api.send_ok(request);
  if (!reply) return reply.failure();
  return Done{};
}

std::vector<AsyncLine> async_lines(simdjson::dom::element config) {
  std::vector<AsyncLine> lines;
  for (const AsyncKey& key : async_keys()) {
    std::string value = text_in(config, key);
    if (!value.empty()) lines.push_back({key.key, std::move(value)});
  }
  return lines;
}

}  // namespace convoke::cli
