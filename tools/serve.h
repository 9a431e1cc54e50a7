// The engine behind `convoke serve`.
#pragma once

#include "tools/exit_code.h"
#include "tools/outcome.h"
#include "tools/serve_options.h"

namespace convoke::cli {

// Says whether serve() could be tried with these options: nothing is started or changed.
[[nodiscard]] Outcome<ExitCode> check_serve(const ServeOptions& options);

// Returns when the engine has stopped; on SIGUSR2, not at all: see Successor. Failure: it could not
// start (kUsage), and why.
[[nodiscard]] Outcome<ExitCode> serve(const ServeOptions& options);

}  // namespace convoke::cli
