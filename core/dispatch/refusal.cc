#include "core/dispatch/refusal.h"

#include <fmt/format.h>

#include <chrono>

#include "core/registry/stopping.h"

namespace convoke {

Error no_such_function() {
  return Error{ErrorCode::kFunctionNotFound,
               "the function was deleted, or replaced by another of the same name"};
}

Error is_stopped(const Directory& directory, const Function& function) {
  if (const KillSwitch* off = switched_off_by(directory, function.spec)) {
    return Error{ErrorCode::kResourceThrottled,
                 "Reserve resource exceeded limit: " + text_of(*off)};
  }
  return Error{ErrorCode::kResourceThrottled,
               fmt::format("Reserve resource exceeded limit: '{}' is stopped, its "
                           "maximumInstanceCount is 0. Raise or delete its on-demand-config",
                           function.full_name())};
}

Error without_lease() {
  return Error{ErrorCode::kServiceUnavailable,
               "this engine has not reached the queue's server for too long, and may start nothing "
               "until it does: others may have been told that it has stopped",
               Seconds{1}};
}

Error line_too_long(const Function& function) {
  return Error{ErrorCode::kResourceThrottled,
               fmt::format("Reserve resource exceeded limit: too many calls wait for '{}'",
                           function.full_name()),
               Seconds{1}};
}

Error waited_too_long(const Function& function, Duration wait_max) {
  return Error{
      ErrorCode::kResourceThrottled,
      fmt::format("Reserve resource exceeded limit: no instance of '{}' was free for {} s",
                  function.full_name(), std::chrono::duration_cast<Seconds>(wait_max).count()),
      Seconds{1}};
}

}  // namespace convoke
