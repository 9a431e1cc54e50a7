// Triggers for tests: one of each kind, every member set, of function 2 "f" in service "s".
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/registry/change.h"
#include "core/registry/trigger.h"

namespace convoke {

inline Trigger some_trigger(TriggerConfig config, std::string name = "t") {
  Trigger trigger;
  trigger.id = 9;
  trigger.service = "s";
  trigger.function = "f";
  trigger.function_id = FunctionId{2};
  trigger.name = std::move(name);
  trigger.description = "why";
  trigger.qualifier = "LATEST";
  trigger.source_arn = "acs:oss:local:1:photos";
  trigger.invocation_role = "acs:ram::1:role/r";
  trigger.config = std::move(config);
  trigger.outputs = {{"photos", "thumbs/"}, {"logs", ""}};
  trigger.allow_loop = true;
  trigger.created = wall_from_ms(5);
  trigger.modified = wall_from_ms(6);
  trigger.etag = "9";
  return trigger;
}

inline Trigger paused_trigger() {
  Trigger trigger =
      some_trigger(ObjectTrigger{"photos", {"oss:ObjectRemoved:*"}, "", ""}, "paused");
  trigger.paused = TriggerPause{wall_from_ms(7), "a loop"};
  return trigger;
}

inline std::vector<Trigger> triggers_of_each_kind() {
  return {some_trigger(HttpTrigger{true, {"GET", "POST"}}, "http"),
          some_trigger(TimerTrigger{"@every 1m", "tick", false}, "timer"),
          some_trigger(ObjectTrigger{"photos", {"oss:ObjectCreated:*"}, "in/", ".jpg", 3}, "oss"),
          some_trigger(CloudEventTrigger{{{EventMatch::kExact, "type", "a b"},
                                          {EventMatch::kSuffix, "subject", "\xc3\xa9"}}},
                       "cloudevents"),
          paused_trigger()};
}

inline TriggerPut put(const Trigger& trigger) {
  return TriggerPut{std::make_shared<const Trigger>(trigger)};
}

inline bool operator==(const Trigger& a, const Trigger& b) {
  const auto all = [](const Trigger& t) {
    return std::tie(t.id, t.service, t.function, t.function_id, t.name, t.description, t.qualifier,
                    t.source_arn, t.invocation_role, t.config, t.outputs, t.allow_loop, t.paused,
                    t.created, t.modified, t.etag);
  };
  return all(a) == all(b);
}

}  // namespace convoke
