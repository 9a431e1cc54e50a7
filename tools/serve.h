// The engine behind `convoke serve`.
#pragma once

#include "tools/exit_code.h"
#include "tools/outcome.h"
#include "tools/serve_options.h"

namespace convoke::cli {

// Returns when the engine has stopped. Failure: it could not start (kUsage), and why.
[[nodiscard]] Outcome<ExitCode> serve(const ServeOptions& options);

}  // namespace convoke::cli
