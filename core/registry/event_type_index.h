// The triggers of CloudEvents by the type of event that they are for: that of a filter "exact
// type"; without one, "".
#pragma once

#include "core/registry/trigger_index.h"

namespace convoke {

class EventTypeIndex : public TriggerIndex {
 public:
  EventTypeIndex() : TriggerIndex(type_of) {}

 private:
  static std::optional<std::string> type_of(const Trigger& trigger) {
    const auto* events = trigger.as<CloudEventTrigger>();
    if (events == nullptr) return std::nullopt;
    for (const EventFilter& filter : events->filters) {
      if (filter.match == EventMatch::kExact && filter.attribute == "type") return filter.value;
    }
    return std::string();
  }
};

}  // namespace convoke
