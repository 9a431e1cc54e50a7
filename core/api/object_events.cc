#include "core/api/object_events.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/api/answers.h"
#include "core/api/json.h"
#include "core/http/url.h"
#include "core/model/json_writer.h"

namespace convoke {
namespace {

// S3's names of what OSS calls otherwise.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSameEvents = {
    {{"ObjectCreated:Put", "ObjectCreated:PutObject"},
     {"ObjectCreated:Post", "ObjectCreated:PostObject"},
     {"ObjectCreated:Copy", "ObjectCreated:CopyObject"},
     {"ObjectRemoved:Delete", "ObjectRemoved:DeleteObject"}}};

// Without "oss:" or "s3:", by OSS's name.
std::string_view plain_name(std::string_view name) {
  for (const std::string_view source : {"oss:", "s3:"}) {
    if (name.starts_with(source)) name.remove_prefix(source.size());
  }
  for (const auto& [s3, oss] : kSameEvents) {
    if (name == s3) return oss;
  }
  return name;
}

bool is_named(std::string_view event, std::string_view pattern) {
  pattern = plain_name(pattern);
  if (!pattern.ends_with('*')) return event == pattern;
  return event.starts_with(pattern.substr(0, pattern.size() - 1));
}

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

// The member of a member ..., as text; "" where it is not there.
std::string_view text_at(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* at = &json;
  for (const std::string_view name : path) {
    at = at->find(name);
    if (at == nullptr) return {};
  }
  const auto* text = at->as<std::string>();
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

std::int64_t number_at(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* at = &json;
  for (const std::string_view name : path) {
    at = at->find(name);
    if (at == nullptr) return 0;
  }
  const auto* number = at->as<std::int64_t>();
  return number != nullptr ? *number : 0;
}

Result<void> check(const ObjectEvent& event) {
  for (const auto& [member, value] :
       {std::pair("eventName", &event.name), std::pair("bucket.name", &event.bucket),
        std::pair("object.key", &event.key)}) {
    if (value->empty() || value->size() > kObjectKeyBytesMax)
      return invalid(fmt::format("{} of an event must be a string of 1 to {} bytes (actual: {})",
                                 member, kObjectKeyBytesMax, value->size()));
  }
  return {};
}

Result<ObjectEvent> event_of_oss(const Json& json) {
  ObjectEvent event;
  event.name = plain_name(text_at(json, {"eventName"}));
  event.bucket = text_at(json, {"oss", "bucket", "name"});
  event.key = text_at(json, {"oss", "object", "key"});
  event.json = json.canonical_text();
  if (Result<void> right = check(event); !right) return right.error();
  return event;
}

void write_object(const ObjectEvent& event, const Json& s3, JsonWriter& writer) {
  writer.key("oss").object();
  writer.key("bucket").object();
  writer.member("arn", text_at(s3, {"s3", "bucket", "arn"}))
      .member("name", event.bucket)
      .member("ownerIdentity", text_at(s3, {"s3", "bucket", "ownerIdentity", "principalId"}))
      .member("virtualBucket", "")
      .end();
  writer.key("object").object();
  writer.member("deltaSize", number_at(s3, {"s3", "object", "size"}))
      .member("eTag", text_at(s3, {"s3", "object", "eTag"}))
      .member("key", event.key)
      .member("size", number_at(s3, {"s3", "object", "size"}))
      .end();
  writer.member("ossSchemaVersion", "1.0")
      .member("ruleId", text_at(s3, {"s3", "configurationId"}))
      .end();
}

std::string json_of_s3(const ObjectEvent& event, const Json& s3) {
  JsonWriter writer;
  writer.object().member("eventName", event.name);
  const std::string_view source = text_at(s3, {"eventSource"});
  writer.member("eventSource", source.empty() ? "aws:s3" : source)
      .member("eventTime", text_at(s3, {"eventTime"}))
      .member("eventVersion", "1.0");
  write_object(event, s3, writer);
  writer.member("region", text_at(s3, {"awsRegion"}));
  writer.key("requestParameters").object();
  writer.member("sourceIPAddress", text_at(s3, {"requestParameters", "sourceIPAddress"})).end();
  writer.key("responseElements").object();
  writer.member("requestId", text_at(s3, {"responseElements", "x-amz-request-id"})).end();
  writer.key("userIdentity").object();
  writer.member("principalId", text_at(s3, {"userIdentity", "principalId"})).end();
  return writer.end().take();
}

Result<ObjectEvent> event_of_s3(const Json& json) {
  ObjectEvent event;
  event.name = plain_name(text_at(json, {"eventName"}));
  event.bucket = text_at(json, {"s3", "bucket", "name"});
  Result<std::string> key = percent_decode(text_at(json, {"s3", "object", "key"}), Plus::kIsSpace);
  if (!key) return key.error();
  event.key = *std::move(key);
  if (Result<void> right = check(event); !right) return right.error();
  event.json = json_of_s3(event, json);
  return event;
}

std::string payload_of(const ObjectEvent& event) {
  JsonWriter writer;
  return writer.object().key("events").array().json(event.json).end().end().take();
}

}  // namespace

Result<std::vector<ObjectEvent>> read_object_events(std::string body) {
  const Result<Json> json = Json::parse_object(std::move(body));
  if (!json) return json.error();
  const Json* oss = json->find("events");
  const Json* found = oss != nullptr ? oss : json->find("Records");
  const auto* array = found != nullptr ? found->as<Json::Array>() : nullptr;
  if (array == nullptr || array->size() > kObjectEventsMax)
    return invalid(
        fmt::format("the notification must have a member events (OSS) or Records (S3) "
                    "with an array of at most {} entries",
                    kObjectEventsMax));
  std::vector<ObjectEvent> events;
  for (const Json& entry : *array) {
    Result<ObjectEvent> event = oss != nullptr ? event_of_oss(entry) : event_of_s3(entry);
    if (!event) return event.error();
    events.push_back(*std::move(event));
  }
  return events;
}

bool sets_off(const ObjectEvent& event, const ObjectTrigger& trigger) {
  const auto named = [&](const std::string& pattern) { return is_named(event.name, pattern); };
  return event.bucket == trigger.bucket && event.key.starts_with(trigger.prefix) &&
         event.key.ends_with(trigger.suffix) &&
         std::any_of(trigger.events.begin(), trigger.events.end(), named);
}

Result<std::vector<TriggeredCall>> calls_set_off(const std::vector<ObjectEvent>& events,
                                                 const BucketIndex& triggers) {
  std::vector<TriggeredCall> calls;
  std::size_t looks = 0;
  std::size_t bytes = 0;
  for (const ObjectEvent& event : events) {
    const std::vector<TriggerPtr>& candidates = triggers.of(event.bucket);
    looks += candidates.size();
    if (looks > kTriggerLooksMax)
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("the notification has too many events for buckets with so many "
                               "triggers (events times triggers: at most {}); none was made",
                               kTriggerLooksMax)};
    const std::string payload = payload_of(event);
    for (const TriggerPtr& trigger : candidates) {
      if (!sets_off(event, *trigger->as<ObjectTrigger>())) continue;
      bytes += payload.size();
      if (calls.size() == kTriggeredCallsMax || bytes > kTriggeredBytesMax)
        return Error{
            ErrorCode::kLimitExceeded,
            fmt::format("the notification sets off more than {} calls, or {} bytes of events; "
                        "none was made",
                        kTriggeredCallsMax, kTriggeredBytesMax)};
      calls.push_back({{}, trigger->function_id, trigger->qualifier, payload});
    }
  }
  return calls;
}

http::Response object_events_answer(const std::vector<std::string>& ids,
                                    const std::string& request_id) {
  JsonWriter writer;
  writer.object().key("calls").array();
  for (const std::string& id : ids) writer.text(id);
  return finished(json_answer(writer.end().end().take()), request_id);
}

}  // namespace convoke
