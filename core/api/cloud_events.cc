#include "core/api/cloud_events.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "core/api/object_events.h"

namespace convoke {
namespace {

// Of one delivery, over all its events.
class CallsSetOff {
 public:
  Result<void> look(const CloudEvent& event, const std::vector<TriggerPtr>& candidates) {
    looks_ += candidates.size();
    if (looks_ > kTriggerLooksMax) return too_many("looks at triggers", kTriggerLooksMax);
    for (const TriggerPtr& trigger : candidates) {
      if (!sets_off(event, *trigger->as<CloudEventTrigger>())) continue;
      bytes_ += event.json.size();
      if (calls_.size() == kTriggeredCallsMax) return too_many("calls", kTriggeredCallsMax);
      if (bytes_ > kTriggeredBytesMax) return too_many("bytes of events", kTriggeredBytesMax);
      calls_.push_back({{}, trigger->function_id, trigger->qualifier, event.json});
    }
    return {};
  }
  [[nodiscard]] std::vector<TriggeredCall> take() { return std::move(calls_); }

 private:
  static Error too_many(std::string_view what, std::size_t max) {
    return {ErrorCode::kLimitExceeded,
            fmt::format("the delivery would make more than {} {}; none was made", max, what)};
  }

  std::vector<TriggeredCall> calls_;
  std::size_t looks_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

bool sets_off(const CloudEvent& event, const CloudEventTrigger& trigger) {
  return std::all_of(trigger.filters.begin(), trigger.filters.end(),
                     [&event](const EventFilter& filter) {
                       const std::string* value = event.find(filter.attribute);
                       return value != nullptr && filter.fits(*value);
                     });
}

Result<std::vector<TriggeredCall>> calls_set_off(const std::vector<CloudEvent>& events,
                                                 const EventTypeIndex& triggers) {
  CallsSetOff calls;
  for (const CloudEvent& event : events) {
    const std::string* type = event.find("type");
    ENSURE(type != nullptr && !type->empty());  // "" stands for all types in the index
    for (const std::string_view key : {std::string_view(*type), std::string_view()}) {
      if (Result<void> looked = calls.look(event, triggers.of(key)); !looked) return looked.error();
    }
  }
  return calls.take();
}

Result<http::Response> webhook_handshake(const http::Headers& headers) {
  const std::string* origin = headers.find("WebHook-Request-Origin");
  if (origin == nullptr || origin->empty())
    return Error{ErrorCode::kMissingRequiredHeader,
                 "required HTTP header WebHook-Request-Origin was not specified"};
  http::Response response;
  response.headers.add("Allow", "POST");
  response.headers.add("WebHook-Allowed-Origin", *origin);
  response.headers.add("WebHook-Allowed-Rate", "*");
  return response;
}

}  // namespace convoke
