// The python3 runtime (runtime/python.py), carried inside the program.
#pragma once

#include <string>
#include <string_view>

#include "core/model/error.h"

namespace convoke {

extern const std::string_view kPythonRuntime;

// Blocking; runs on an IoThread or before the loops. Replaces the file whole, so that an instance
// that is just starting reads the old text or the new one.
[[nodiscard]] Result<void> write_python_runtime(const std::string& path);

}  // namespace convoke
