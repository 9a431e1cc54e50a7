// Requests to functions through their HTTP triggers: what the function gets of a request, and the
// client of an answer. Pure.
//
//   /2016-08-15/proxy/SERVICE[.QUALIFIER]/FUNCTION/PATH
//   any path, with the header x-fc-invocation-target: 2016-08-15/proxy/SERVICE/FUNCTION
//   any path, of a custom domain whose routes say which function
//
// A custom runtime gets the client's own request, by the first form with the whole path, by the
// others as it was sent; a handler in python3 gets it by WSGI, with PATH alone. Of headers, those
// that begin with x-fc- or x-convoke- (or with _ for -) and those of the connection are the
// engine's, both ways: they are ignored, not refused [doc].
#pragma once

#include <string>
#include <string_view>

#include "core/api/router.h"
#include "core/dispatch/call.h"
#include "core/guard/admission.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/registry/directory.h"
#include "core/registry/trigger.h"

namespace convoke {

// The function that the request is for, and by which trigger.
struct HttpTarget {
  FunctionPtr function;
  TriggerPtr trigger;
};

// TriggerNotFound, MethodNotAllowed, or the 404 of what does not exist. Whether who asks must have
// signed is for the caller: target.trigger says.
[[nodiscard]] Result<HttpTarget> http_target(const Directory& directory, const Route& route,
                                             std::string_view method);

// InvalidArgument: of a runtime that has no HTTP handlers.
[[nodiscard]] Result<void> check_http_call(const HttpTarget& target);

// Synchronous but for X-Fc-Invocation-Type: Async, with which the headers that order a call's delay
// and its name count too (read_order()). Prefer is for the function, always.
[[nodiscard]] Result<InvocationOrder> http_order(const http::Headers& headers);

// What goes to the function: with x-fc-base-path, what stands before PATH.
[[nodiscard]] http::RequestHead head_for_function(const Route& route, http::RequestHead head);

// The function's own answer; where there is none, 502 with the body of the function error, or the
// engine's error.
[[nodiscard]] http::Response http_answer_of(const Call& call, Outcome outcome);

}  // namespace convoke
