#include "core/registry/trigger_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/registry/http_methods.h"
#include "core/registry/rules.h"
#include "core/registry/shown.h"
#include "core/registry/timer_config.h"

namespace convoke {
namespace {

constexpr std::array<std::string_view, 6> kEventKinds = {
    "oss:ObjectCreated:", "oss:ObjectRemoved:", "oss:ObjectReplication:",
    "s3:ObjectCreated:",  "s3:ObjectRemoved:",  "s3:ObjectAccessed:"};
constexpr std::array<std::string_view, 3> kArnBeginnings = {
    "acs:oss:", "arn:aws:s3:", "arn:minio:s3:"};

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_bucket(std::string_view name) {
  return name.size() >= 3 && name.size() <= kBucketNameMax && is_lower_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
}

Result<void> check_text(std::string_view member, std::string_view text, std::size_t max) {
  if (text.size() <= max && std::none_of(text.begin(), text.end(), is_control)) return {};
  return invalid(
      fmt::format("{} is set to an invalid value (allowed: at most {} bytes, none of them a "
                  "control character, actual: {} bytes)",
                  member, max, text.size()));
}

Result<void> check_count(std::string_view member, std::size_t count, std::size_t max) {
  if (count >= 1 && count <= max) return {};
  return invalid(fmt::format("{} must have 1 to {} entries (actual: {})", member, max, count));
}

Result<TriggerConfig> http_from(const TriggerConfigFields& fields) {
  HttpTrigger http;
  const std::string auth = fields.auth_type.value_or("function");
  if (auth != "anonymous" && auth != "function")
    return invalid(
        fmt::format("triggerConfig.authType is set to an invalid value (allowed: anonymous | "
                    "function, actual: '{}')",
                    shown(auth)));
  http.anonymous = auth == "anonymous";
  http.methods = fields.methods.value_or(std::vector<std::string>());
  if (Result<void> right = set_in_order("triggerConfig.methods", http.methods); !right)
    return right.error();
  if (Result<void> some =
          check_count("triggerConfig.methods", http.methods.size(), kHttpMethods.size());
      !some)
    return some.error();
  return TriggerConfig(std::move(http));
}

Result<TriggerConfig> timer_from(const TriggerConfigFields& fields) {
  TimerTrigger timer;
  timer.cron_expression = fields.cron_expression.value_or("");
  timer.payload = fields.payload.value_or("");
  timer.enabled = fields.enable.value_or(true);
  if (Result<void> right = check_timer_config(timer); !right) return right.error();
  return TriggerConfig(std::move(timer));
}

bool is_event_name(std::string_view name) {
  for (const std::string_view kind : kEventKinds) {
    if (!name.starts_with(kind)) continue;
    const std::string_view what = name.substr(kind.size());
    return what == "*" ||
           (!what.empty() && what.size() <= 64 && std::all_of(what.begin(), what.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
           }));
  }
  return false;
}

Result<std::string> bucket_of(std::string_view arn) {
  const bool known =
      std::any_of(kArnBeginnings.begin(), kArnBeginnings.end(),
                  [&](std::string_view beginning) { return arn.starts_with(beginning); });
  const std::string_view bucket = arn.substr(arn.rfind(':') + 1);
  if (known && arn.size() <= kSourceArnBytesMax && is_bucket(bucket)) return std::string(bucket);
  return invalid(
      fmt::format("sourceArn is set to an invalid value (allowed: acs:oss:REGION:ACCOUNT:BUCKET or "
                  "arn:aws:s3:::BUCKET, actual: '{}')",
                  shown(arn)));
}

Result<TriggerConfig> object_from(const TriggerConfigFields& fields, const std::string& bucket) {
  ObjectTrigger object;
  object.bucket = bucket;
  object.events = fields.events.value_or(std::vector<std::string>());
  object.prefix = fields.key_prefix.value_or("");
  object.suffix = fields.key_suffix.value_or("");
  const std::int64_t generations = fields.generations_max.value_or(kVisitsMaxDefault);
  if (generations < 1 || generations > kChainMax)
    return invalid(
        fmt::format("triggerConfig.maxGenerations is set to an invalid value (allowed: "
                    "1 to {}, actual: {})",
                    kChainMax, generations));
  object.generations_max = static_cast<std::uint8_t>(generations);
  for (const std::string& event : object.events) {
    if (!is_event_name(event))
      return invalid(
          fmt::format("triggerConfig.events has an invalid value (allowed: oss:ObjectCreated:*, "
                      "oss:ObjectRemoved:*, or one kind in place of the *, actual: '{}')",
                      shown(event)));
  }
  for (const Result<void>& right :
       {check_count("triggerConfig.events", object.events.size(), kTriggerEventsMax),
        check_text("triggerConfig.filter.key.prefix", object.prefix, kObjectKeyBytesMax),
        check_text("triggerConfig.filter.key.suffix", object.suffix, kObjectKeyBytesMax)}) {
    if (!right) return right.error();
  }
  return TriggerConfig(std::move(object));
}

Result<TriggerConfig> cloud_events_from(const TriggerConfigFields& fields) {
  CloudEventTrigger trigger;
  trigger.filters = fields.filters.value_or(std::vector<EventFilter>());
  if (trigger.filters.size() > kEventFiltersMax)
    return invalid(fmt::format("triggerConfig.filters has too many entries (max: {}, actual: {})",
                               kEventFiltersMax, trigger.filters.size()));
  for (const EventFilter& filter : trigger.filters) {
    if (!is_event_attribute(filter.attribute))
      return invalid(
          fmt::format("triggerConfig.filters names an invalid attribute (allowed: lower-case "
                      "letters and digits, at most {}, actual: '{}')",
                      kEventAttributeNameBytesMax, shown(filter.attribute)));
    if (filter.value.empty())
      return invalid(
          fmt::format("triggerConfig.filters: '{}' has an empty value, which says "
                      "nothing of it",
                      filter.attribute));
    if (Result<void> right =
            check_text("triggerConfig.filters", filter.value, kEventFilterBytesMax);
        !right)
      return right.error();
  }
  return TriggerConfig(std::move(trigger));
}

Result<void> set_outputs(const TriggerConfigFields& fields, Trigger& trigger) {
  trigger.outputs.clear();
  if (!fields.outputs) return {};
  if (fields.outputs->size() > kTriggerOutputsMax)
    return invalid(fmt::format("triggerConfig.outputs has too many entries (max: {}, actual: {})",
                               kTriggerOutputsMax, fields.outputs->size()));
  for (const std::string& text : *fields.outputs) {
    if (Result<void> right =
            check_text("triggerConfig.outputs", text, kBucketNameMax + 1 + kObjectKeyBytesMax);
        !right)
      return right;
    if (!is_bucket(std::string_view(text).substr(0, text.find('/'))))
      return invalid(
          fmt::format("triggerConfig.outputs has an invalid value (allowed: BUCKET/PREFIX, the "
                      "beginning of what the function writes, actual: '{}')",
                      shown(text)));
  }
  trigger.outputs = outputs_from_lines(as_lines(*fields.outputs));
  return {};
}

Result<TriggerConfig> config_from(const TriggerConfigFields& fields, const Trigger& trigger) {
  if (trigger.as<HttpTrigger>() != nullptr) return http_from(fields);
  if (trigger.as<TimerTrigger>() != nullptr) return timer_from(fields);
  if (trigger.as<CloudEventTrigger>() != nullptr) return cloud_events_from(fields);
  return object_from(fields, trigger.as<ObjectTrigger>()->bucket);
}

// An http trigger has no source, whatever was sent [go, py].
Result<void> set_source(const std::optional<std::string>& sent, Trigger& trigger) {
  if (trigger.as<HttpTrigger>() != nullptr) return {};
  if (sent) trigger.source_arn = *sent;
  if (trigger.as<ObjectTrigger>() == nullptr)
    return check_text("sourceArn", trigger.source_arn, kSourceArnBytesMax);
  Result<std::string> bucket = bucket_of(trigger.source_arn);
  if (!bucket) return bucket.error();
  std::get<ObjectTrigger>(trigger.config).bucket = *std::move(bucket);
  return {};
}

Result<void> set_config(const TriggerConfigFields& fields, Trigger& trigger) {
  Result<TriggerConfig> config = config_from(fields, trigger);
  if (!config) return config.error();
  trigger.config = *std::move(config);
  trigger.allow_loop = fields.allow_loop.value_or(false);
  return set_outputs(fields, trigger);
}

}  // namespace

Result<void> set_type(std::string_view type, Trigger& trigger) {
  if (type == "http") trigger.config = HttpTrigger{};
  if (type == "timer") trigger.config = TimerTrigger{};
  if (type == "oss") trigger.config = ObjectTrigger{};
  if (type == "cloudevents") trigger.config = CloudEventTrigger{};
  if (trigger.type() == type) return {};
  return invalid(
      fmt::format("triggerType is set to an invalid value (allowed: {}; this engine offers no "
                  "others, actual: '{}')",
                  fmt::join(kTriggerTypes, " | "), shown(type)));
}

Result<void> apply_fields(const TriggerFields& fields, Trigger& trigger) {
  if (fields.type && *fields.type != trigger.type())
    return invalid(fmt::format("triggerType cannot be changed (it is '{}', actual: '{}')",
                               trigger.type(), shown(*fields.type)));
  if (fields.description) trigger.description = *fields.description;
  if (fields.qualifier) trigger.qualifier = *fields.qualifier;
  if (fields.invocation_role) trigger.invocation_role = *fields.invocation_role;
  if (Result<void> set = set_source(fields.source_arn, trigger); !set) return set;
  if (fields.config) {
    if (Result<void> set = set_config(*fields.config, trigger); !set) return set;
  }
  if (Result<void> right = check_description(trigger.description); !right) return right;
  return check_text("invocationRole", trigger.invocation_role, kRoleBytesMax);
}

}  // namespace convoke
