// What a store of objects notifies of, as events for functions: which triggers each sets off, and
// the payload that the contract has. Pure.
//
// Two forms of notification are read. OSS:
//
//   {"events": [{"eventName", "oss": {"bucket": {"name"}, "object": {"key", ...}}, ...}]}
//
// S3 and MinIO:
//
//   {"Records": [{"eventName", "s3": {"bucket": {"name"}, "object": {"key", ...}}, ...}]}
//
// Functions get the first whichever it was, one event a call. S3's names become OSS's where both
// have one ("ObjectCreated:Put" is "ObjectCreated:PutObject"); its keys are decoded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/api/triggered.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/instant.h"
#include "core/registry/bucket_index.h"
#include "core/registry/trigger.h"

namespace convoke {

inline constexpr std::size_t kObjectEventsMax = 1'000;         // ours; S3 sends one
inline constexpr std::size_t kTriggeredCallsMax = 1'000;       // of a notification; ours
inline constexpr std::size_t kTriggeredBytesMax = 16UL << 20;  // of all their events; ours
// Events times triggers of their buckets, which are all looked at in one turn; ours. One event may
// have as many triggers as there can be.
inline constexpr std::size_t kTriggerLooksMax = kTriggersMax;

struct ObjectEvent {
  std::string name;  // "ObjectCreated:PutObject"
  std::string bucket;
  std::string key;
  std::string json;  // of one entry of "events"
  // Who caused it, as far as the store says (core/api/event_cause.h).
  std::string lineage;              // of the object's metadata; "": none
  std::string principal;            // userIdentity.principalId; "": none
  std::optional<WallTime> written;  // eventTime
};

// InvalidArgument: neither form, or a member that is missing, or too many.
[[nodiscard]] Result<std::vector<ObjectEvent>> read_object_events(std::string body);

[[nodiscard]] bool sets_off(const ObjectEvent& event, const ObjectTrigger& trigger);

struct SetOff {
  std::vector<TriggeredCall> calls;  // in the order of the events, without ids
  std::vector<std::size_t> events;   // of each call, by its place
  std::size_t dropped = 0;           // would be calls too, were their triggers not paused
};
// LimitExceeded: more than these.
[[nodiscard]] Result<SetOff> calls_set_off(const std::vector<ObjectEvent>& events,
                                           const BucketIndex& triggers);

// {"calls": ["ID", ...]}, when they are durable; with "dropped": N where triggers are paused.
[[nodiscard]] http::Response object_events_answer(const std::vector<std::string>& ids,
                                                  std::size_t dropped,
                                                  const std::string& request_id);

}  // namespace convoke
