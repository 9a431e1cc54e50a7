// Room on the disk that segments leave for whoever cannot preallocate: the registry (a kill switch
// must work on the disk that a queue has filled), the history, a code package of usual size.
//
// Threads: any. One for all journals on a disk: each looks and then takes, alone. Blocks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

#include "core/loop/file.h"
#include "core/model/error.h"

namespace convoke {

// SQLite's write-ahead log grows to about 4 MiB before it is folded back, and there are two.
inline constexpr std::uint64_t kDiskReserveMax = 64UL << 20;
inline constexpr std::uint64_t kDiskReserveShare = 16;  // of a small disk, no more than a sixteenth

[[nodiscard]] constexpr std::uint64_t disk_reserve(std::uint64_t disk_bytes) {
  return std::min(kDiskReserveMax, disk_bytes / kDiskReserveShare);
}

class DiskReserve {
 public:
  // File::reserve(), if the disk keeps its reserve afterwards. ServiceUnavailable, with nothing
  // taken: it would not.
  [[nodiscard]] Result<void> preallocate(File& file, std::uint64_t bytes);

 private:
  std::mutex taking_;
};

}  // namespace convoke
