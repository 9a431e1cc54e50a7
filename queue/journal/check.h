// Whether a start could take a journal over. Blocking; reads, and changes nothing.
#pragma once

#include <cstdint>

#include "core/edge/log_file.h"

namespace convoke::journal {

// Reads all of it as a start does; how many calls in it have not ended. For a journal that nobody
// writes meanwhile. The errors are those of recover().
[[nodiscard]] Result<std::uint64_t> check_whole(LogDir& dir, std::uint32_t journal);

// That this program knows the format of its segments: what can be told while an engine writes it.
// InternalServerError, with what to do.
[[nodiscard]] Result<void> check_format(LogDir& dir);

}  // namespace convoke::journal
