// A trigger: what else, besides a caller, makes a function run. Values, immutable once they are in
// a Change: shared by all shards.
//
//   http         requests to /2016-08-15/proxy/SERVICE[.QUALIFIER]/FUNCTION/PATH
//   timer        due times (core/registry/timer_config.h)
//   oss          events of objects in a bucket, which a webhook brings
//   cloudevents  (ours) CloudEvents that fit its filters, which a webhook brings
//
// Kinds that the original has besides (eventbridge, log, mns_topic, ...) are not offered.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/recursion_rule.h"
#include "core/registry/event_filter.h"
#include "core/registry/lines.h"

namespace convoke {

inline constexpr std::size_t kTriggersPerFunctionMax = 50;
inline constexpr std::size_t kTriggersMax = 100'000;  // ours: held in memory by every shard
inline constexpr std::size_t kTriggerNameMax = 128;
inline constexpr std::size_t kSourceArnBytesMax = 300;        // ours
inline constexpr std::size_t kTriggerPayloadBytesMax = 4096;  // ours; of a timer
inline constexpr std::size_t kCronExpressionBytesMax = 256;   // ours
inline constexpr std::size_t kTriggerEventsMax = 20;          // ours; names of events
inline constexpr std::size_t kTriggerOutputsMax = 20;         // ours
inline constexpr std::size_t kObjectKeyBytesMax = 1024;       // of a prefix or suffix, as of a key
inline constexpr std::size_t kBucketNameMax = 63;
inline constexpr std::size_t kPauseReasonBytesMax = 4096;  // ours; what is longer is cut

struct HttpTrigger {
  bool anonymous = false;            // authType: else "function", signed requests only
  std::vector<std::string> methods;  // in order of the alphabet; at least one
  friend bool operator==(const HttpTrigger&, const HttpTrigger&) = default;

  [[nodiscard]] bool allows(std::string_view method) const {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  }
};

struct TimerTrigger {
  std::string cron_expression;
  std::string payload;
  bool enabled = true;
  friend bool operator==(const TimerTrigger&, const TimerTrigger&) = default;
};

// Objects whose key begins with `prefix` and ends with `suffix`.
struct ObjectTrigger {
  std::string bucket;               // of sourceArn
  std::vector<std::string> events;  // "oss:ObjectCreated:*", as written; at least one
  std::string prefix;
  std::string suffix;
  // Calls of the function in one lineage that may come of it: 1 .. kChainMax. One more is refused,
  // and pauses the trigger (core/api/generation_guard.h).
  std::uint8_t generations_max = kVisitsMaxDefault;
  friend bool operator==(const ObjectTrigger&, const ObjectTrigger&) = default;
};

// Events that all filters fit; without filters, every event.
struct CloudEventTrigger {
  std::vector<EventFilter> filters;
  friend bool operator==(const CloudEventTrigger&, const CloudEventTrigger&) = default;
};

using TriggerConfig = std::variant<HttpTrigger, TimerTrigger, ObjectTrigger, CloudEventTrigger>;
// In the order of the variant.
inline constexpr std::array<std::string_view, std::variant_size_v<TriggerConfig>> kTriggerTypes = {
    "http", "timer", "oss", "cloudevents"};

// Objects that a function may write: every key of the bucket that begins with the prefix. Written
// "BUCKET/PREFIX"; a PREFIX of nothing is the whole bucket.
struct ObjectOutput {
  std::string bucket;
  std::string prefix;
  friend bool operator==(const ObjectOutput&, const ObjectOutput&) = default;
  [[nodiscard]] std::string text() const { return bucket + '/' + prefix; }
};

// Since then its events set nothing off, until it is resumed.
struct TriggerPause {
  WallTime since{};
  std::string why;
  friend bool operator==(const TriggerPause&, const TriggerPause&) = default;
};

struct Trigger {
  std::uint64_t id = 0;  // never reused, as a FunctionId
  std::string service;
  std::string function;
  FunctionId function_id;  // which is not deleted before it
  std::string name;        // unique within the function
  std::string description;
  std::string qualifier;  // as written: "" or LATEST
  std::string source_arn;
  std::string invocation_role;  // kept for the client, not used by the engine
  TriggerConfig config;
  // For the check of loops (loop_check.h); ours.
  std::vector<ObjectOutput> outputs;   // what the function writes when it is called
  bool allow_loop = false;             // a loop through this trigger is meant
  std::optional<TriggerPause> paused;  // of objects alone
  WallTime created{};
  WallTime modified{};
  std::string etag;

  template <class Kind>
  [[nodiscard]] const Kind* as() const {
    return std::get_if<Kind>(&config);
  }
  [[nodiscard]] std::string_view type() const { return kTriggerTypes[config.index()]; }
};
using TriggerPtr = std::shared_ptr<const Trigger>;

// As rows keep them (lines.h).
[[nodiscard]] std::string as_lines(const std::vector<ObjectOutput>& outputs);
[[nodiscard]] std::vector<ObjectOutput> outputs_from_lines(std::string_view lines);

}  // namespace convoke
