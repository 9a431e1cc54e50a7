// A ScratchFile in a directory of a real disk.
#pragma once

#include <memory>
#include <string>

#include "core/edge/scratch_file.h"

namespace convoke {

[[nodiscard]] Result<std::unique_ptr<ScratchFile>> open_scratch_file(const std::string& directory);

}  // namespace convoke
