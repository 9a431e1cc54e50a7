// The access key that the command line signs its requests with. It comes from the environment
// alone: everybody on the machine sees the options of a command.
#pragma once

#include <optional>

#include "core/http/signature.h"
#include "tools/outcome.h"

namespace convoke::cli {

// CONVOKE_ACCESS_KEY_ID and CONVOKE_ACCESS_KEY_SECRET, and CONVOKE_SECURITY_TOKEN for temporary
// credentials; none where none is set. Failure: one of the first two without the other.
[[nodiscard]] Outcome<std::optional<http::AccessKey>> access_key_of_environment();

}  // namespace convoke::cli
