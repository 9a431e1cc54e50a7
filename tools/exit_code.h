// What the program's exit code tells a script. Documented in `convoke --help`: never renumber.
#pragma once

namespace convoke::cli {

enum class ExitCode : int {
  kOk = 0,
  kFunctionError = 1,  // the function failed (invoke), the call ended otherwise than well (get),
                       // or this machine has a fault (doctor)
  kUsage = 2,          // the command line, a file it names, or the code to deploy is wrong, or
                       // the engine could not start: state in use or damaged, ... (serve)
  kRefused = 3,        // the engine answered 4xx: no such function, limit reached, ...
  kUnreachable = 4,    // no engine answered, or it answered 5xx: worth trying again
  kUnfinished = 5,     // the call has not ended yet (get, invoke --wait)
};

}  // namespace convoke::cli
