// Unpacks a zip that nobody has reason to trust.
//
// Blocking; runs on the registry's IoThread. Refused as InvalidArgument, with the entry named: what
// is not a zip, absolute paths and `..`, names that come twice, anything but files, directories and
// symbolic links, links that could lead out of the directory, entries below a link or a file, and
// whatever is beyond the limits. Of an entry's mode only the execute bits are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/error.h"

namespace convoke {

inline constexpr std::size_t kZipEntriesMax = 20'000;            // ours
inline constexpr std::uint64_t kUnpackedBytesMax = 512UL << 20;  // FC: the code disk of an instance
inline constexpr std::size_t kZipPathBytesMax = 1024;            // ours, well below PATH_MAX
inline constexpr std::size_t kZipNameBytesMax = 255;             // NAME_MAX
inline constexpr std::size_t kZipLinkBytesMax = 1024;            // ours

// What a caller may tighten (tests do).
struct ZipLimits {
  std::size_t entries_max = kZipEntriesMax;
  std::uint64_t unpacked_bytes_max = kUnpackedBytesMax;
};

// Into a directory that exists and is empty. After an error, what has been written so far is still
// there: the caller removes the directory. ServiceUnavailable: the disk did not take it.
[[nodiscard]] Result<void> unpack_zip(std::string_view zip, const std::string& directory,
                                      const ZipLimits& limits);

}  // namespace convoke
