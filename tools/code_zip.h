// A directory as a code package: the zip that the engine unpacks. Blocking.
#pragma once

#include <cstddef>
#include <string>

#include "tools/outcome.h"

namespace convoke::cli {

inline constexpr std::size_t kCodeBytesMax = 512UL << 20;  // unpacked: more is the wrong directory
inline constexpr std::size_t kCodeFilesMax = 20'000;
inline constexpr std::size_t kZipBytesMax = 75UL << 20;  // 100 MB as base64, Function Compute's

struct CodeZip {
  std::string bytes;
  std::size_t files = 0;
};

// Keeps execute bits; leaves out .git and the top-level convoke.toml. A link to a file is packed as
// that file. The same content gives the same bytes, so that an unchanged package keeps its
// checksum. Failure (kUsage): unreadable, links to a directory, sockets or devices, or over a limit
// above.
[[nodiscard]] Outcome<CodeZip> zip_directory(const std::string& directory);

}  // namespace convoke::cli
