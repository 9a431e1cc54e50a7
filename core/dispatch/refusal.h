// Why a call that was admitted is not run, in its caller's words. Pure.
#pragma once

#include "core/model/error.h"
#include "core/model/function.h"
#include "core/model/instant.h"
#include "core/registry/directory.h"

namespace convoke {

[[nodiscard]] Error no_such_function();
// By its limit of 0, or by a kill switch that covers it.
[[nodiscard]] Error is_stopped(const Directory& directory, const Function& function);
[[nodiscard]] Error without_lease();  // see guard/engine_lease.h
[[nodiscard]] Error line_too_long(const Function& function);
[[nodiscard]] Error waited_too_long(const Function& function, Duration wait_max);

}  // namespace convoke
