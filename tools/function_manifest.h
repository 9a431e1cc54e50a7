// convoke.toml, the file beside a function's code that says how it is to run.
#pragma once

#include <string>

#include "tools/function_name.h"
#include "tools/function_settings.h"
#include "tools/outcome.h"

namespace convoke::cli {

struct Manifest {
  FunctionName name;  // keys `service` and `name`; by default `default` and the directory's name
  FunctionSettings settings;
};

// Failure: an unknown key or table (with a suggestion), no runtime, no handler where the runtime
// needs one. `path` is for the messages; `directory_name` is the function's name of last resort.
[[nodiscard]] Outcome<Manifest> parse_manifest(std::string_view text, const std::string& path,
                                               const std::string& directory_name);
[[nodiscard]] Outcome<Manifest> read_manifest(const std::string& directory);

}  // namespace convoke::cli
