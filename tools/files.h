// Whole files and streams into memory, up to a limit. Blocking.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

#include "tools/outcome.h"

namespace convoke::cli {

// Failure (kUsage): cannot be read, or holds more than `bytes_max`.
[[nodiscard]] Outcome<std::string> read_whole_file(const std::string& path, std::size_t bytes_max);
[[nodiscard]] Outcome<std::string> read_whole_stream(std::FILE* stream, const std::string& name,
                                                     std::size_t bytes_max);

}  // namespace convoke::cli
