// A file with secrets in it, read whole. Blocking.
#pragma once

#include <cstddef>
#include <string>

#include "core/model/error.h"

namespace convoke {

// ServiceUnavailable, with the file's name and what to do: it cannot be read, is no regular file,
// is larger than `bytes_max`, or users other than its owner have any access to it.
[[nodiscard]] Result<std::string> read_secret_file(const std::string& path, std::size_t bytes_max);

}  // namespace convoke
