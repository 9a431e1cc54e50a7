// What an outcome leaves behind for those who look later. Pure.
#pragma once

#include <string>

#include "core/dispatch/call.h"
#include "core/model/error.h"
#include "core/model/instant.h"
#include "queue/queue.h"

namespace convoke {

// Errors with which an accepted call can end before the function has.
[[nodiscard]] Error call_stopped(const std::string& function, const CallId& id);
[[nodiscard]] Error call_expired();

// "HandledInvocationError", "UnhandledInvocationError", an ErrorCode; "": none.
[[nodiscard]] std::string error_name(const Outcome& outcome);
[[nodiscard]] AttemptReport report_of(const Call& call, const Outcome& outcome, WallTime now);
// The body is copied, as far as it is kept: callers may still need the outcome.
[[nodiscard]] Ending ending_of(const Call& call, const Outcome& outcome, Settlement settlement,
                               WallTime now);

}  // namespace convoke
