// What the program's exit code tells a script. Documented in `convoke --help`: never renumber.
#pragma once

namespace convoke::cli {

enum class ExitCode : int {
  kOk = 0,
  kFunctionError = 1,  // the function failed (invoke), or this machine has a fault (doctor)
  kUsage = 2,          // the command line, a file it names, or the code to deploy is wrong
  kRefused = 3,        // the engine answered 4xx: no such function, limit reached, ...
  kUnreachable = 4,    // no engine answered, or it answered 5xx: worth trying again
};

}  // namespace convoke::cli
