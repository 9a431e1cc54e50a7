// libuv's and the system's error numbers as Errors: what was tried, on what, and why it failed.
#pragma once

#include <uv.h>

#include <string>

#include "core/model/error.h"

namespace convoke {

// `status`: a negative libuv error, which is also a negated errno.
[[nodiscard]] inline Error uv_error(int status, std::string what) {
  what.append(": ").append(uv_strerror(status));
  return Error{ErrorCode::kServiceUnavailable, std::move(what)};
}

}  // namespace convoke
