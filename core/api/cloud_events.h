// POST /convoke/events/cloudevents: which triggers CloudEvents set off, and the handshake before
// them. Pure.
#pragma once

#include <vector>

#include "core/api/cloud_event.h"
#include "core/api/triggered.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/registry/event_type_index.h"
#include "core/registry/trigger.h"

namespace convoke {

[[nodiscard]] bool sets_off(const CloudEvent& event, const CloudEventTrigger& trigger);

// In the order of the events, without ids. LimitExceeded: more than object_events.h allows, of
// calls, bytes or looks.
[[nodiscard]] Result<std::vector<TriggeredCall>> calls_set_off(
    const std::vector<CloudEvent>& events, const EventTypeIndex& triggers);

// OPTIONS on the same path (HTTP 1.1 Web Hooks for Event Delivery 1.0, section 4): whoever may use
// the endpoint may send to it, from any origin and at any rate; what is too much is answered 503.
// MissingRequiredHeader: WebHook-Request-Origin.
[[nodiscard]] Result<http::Response> webhook_handshake(const http::Headers& headers);

}  // namespace convoke
