#include "core/api/object_events.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
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

constexpr std::array<std::string_view, 2> kLineageMetadata = {"x-amz-meta-convoke-lineage",
                                                              "x-oss-meta-convoke-lineage"};

template <class Number>
bool read_digits(std::string_view text, std::size_t at, std::size_t size, Number& number) {
  const char* const end = text.data() + at + size;
  const auto read = std::from_chars(text.data() + at, end, number);
  return read.ec == std::errc{} && read.ptr == end;
}

// "2024-01-01T00:00:00.000Z", with or without the part behind the seconds, of which three digits
// count. nullopt: no such time.
std::optional<WallTime> time_from(std::string_view text) {
  constexpr std::string_view kPattern = "0000-00-00T00:00:00";
  if (text.size() <= kPattern.size() || !text.ends_with('Z')) return std::nullopt;
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    if (kPattern[i] != '0' && text[i] != kPattern[i]) return std::nullopt;
  }
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int millis = 0;
  const bool has_millis = text[kPattern.size()] == '.' && text.size() >= kPattern.size() + 5;
  const bool read = read_digits(text, 0, 4, year) && read_digits(text, 5, 2, month) &&
                    read_digits(text, 8, 2, day) && read_digits(text, 11, 2, hour) &&
                    read_digits(text, 14, 2, minute) && read_digits(text, 17, 2, second) &&
                    (!has_millis || read_digits(text, kPattern.size() + 1, 3, millis));
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!read || !date.ok()) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{hour} +
                  std::chrono::minutes{minute} + Seconds{second} + Millis{millis}};
}

// `object`: the way to it, in which S3's and MinIO's metadata lies, and we take OSS's.
void read_causes(const Json& json, std::string_view source, ObjectEvent& event) {
  for (const std::string_view name : kLineageMetadata) {
    if (event.lineage.empty())
      event.lineage = text_at(json, {source, "object", "userMetadata", name});
  }
  event.principal = text_at(json, {"userIdentity", "principalId"});
  event.written = time_from(text_at(json, {"eventTime"}));
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
  read_causes(json, "oss", event);
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
  read_causes(json, "s3", event);
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

Result<SetOff> calls_set_off(const std::vector<ObjectEvent>& events, const BucketIndex& triggers) {
  SetOff set_off;
  std::size_t looks = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const ObjectEvent& event = events[i];
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
      if (trigger->paused) {
        ++set_off.dropped;
        continue;
      }
      bytes += payload.size();
      if (set_off.calls.size() == kTriggeredCallsMax || bytes > kTriggeredBytesMax)
        return Error{
            ErrorCode::kLimitExceeded,
            fmt::format("the notification sets off more than {} calls, or {} bytes of events; "
                        "none was made",
                        kTriggeredCallsMax, kTriggeredBytesMax)};
      set_off.calls.push_back({{}, trigger->function_id, trigger->qualifier, payload});
      set_off.events.push_back(i);
    }
  }
  return set_off;
}

http::Response object_events_answer(const std::vector<std::string>& ids, std::size_t dropped,
                                    const std::string& request_id) {
  JsonWriter writer;
  writer.object().key("calls").array();
  for (const std::string& id : ids) writer.text(id);
  writer.end();
  if (dropped > 0) writer.member("dropped", static_cast<std::int64_t>(dropped));
  return finished(json_answer(writer.end().take()), request_id);
}

}  // namespace convoke
