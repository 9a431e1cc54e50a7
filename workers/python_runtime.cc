#include "workers/python_runtime.h"

#include <cstdio>
#include <fstream>

namespace convoke {

Result<void> write_python_runtime(const std::string& path) {
  const std::string next = path + ".new";
  std::ofstream file(next, std::ios::binary | std::ios::trunc);
  file.write(kPythonRuntime.data(), static_cast<std::streamsize>(kPythonRuntime.size()));
  file.close();
  if (!file.good() || std::rename(next.c_str(), path.c_str()) != 0) {
    return Error{ErrorCode::kInternalServerError,
                 "the python3 runtime cannot be written to " + path};
  }
  return {};
}

}  // namespace convoke
