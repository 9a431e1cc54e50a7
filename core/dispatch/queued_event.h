// What lies in the queue as the event of an asynchronous call: nearly always the event itself.
// Pure.
//
// A request through an HTTP trigger has a head besides its body, and both stores keep one text for
// a call. So such a call's event is
//
//   MARK h METHOD TARGET \n (NAME: VALUE \n)* \n BODY
//
// with MARK a NUL and "convoke:". An event of a client's that begins with MARK itself is kept as
// MARK e EVENT, so that nobody can pass an event off as a request. Names and values have no line
// feed in them (core/http/parser).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/dispatch/call.h"
#include "core/http/message.h"
#include "workers/worker.h"

namespace convoke {

// No line of it would be two: of a client's own head that is so, of a program's request it may not.
[[nodiscard]] bool can_be_queued(const http::RequestHead& head);

[[nodiscard]] std::string queued_event(std::string event);
[[nodiscard]] std::string queued_request(const http::RequestHead& head, std::string_view body);
// As it came from the queue: for whoever keeps it to run it again.
[[nodiscard]] std::shared_ptr<const std::string> queued_event_of(const Call& call);

struct FromQueue {
  std::string event;
  HttpCallPtr http;  // nullptr: an event
};
[[nodiscard]] FromQueue read_queued(std::string queued);
// The event alone, or the request's body: what users are shown. A view of what it was given.
[[nodiscard]] std::string_view payload_of(std::string_view queued);

}  // namespace convoke
