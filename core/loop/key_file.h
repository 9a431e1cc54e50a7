// A secret of the engine's, kept in a file. Blocking; used at start.
#pragma once

#include <cstddef>
#include <string>

#include "core/model/error.h"

namespace convoke {

inline constexpr std::size_t kKeyTextSize = 64;  // lower-case hex digits, of 256 random bits

// The key in `path`; made, durably and readable by its owner alone, where there is no such file.
// The key is the text itself, without the line's end. ServiceUnavailable: the file cannot be read
// or written, holds no key, or is open to other users.
[[nodiscard]] Result<std::string> load_or_make_key(const std::string& path);
// The same, but a file that is not there is an error.
[[nodiscard]] Result<std::string> load_key(const std::string& path);

}  // namespace convoke
