#include "core/loop/disk_reserve.h"

#include <fmt/format.h>

namespace convoke {
namespace {

constexpr std::uint64_t kMebibyte = 1UL << 20;

Error short_of_room(const File& file, const DiskSpace& space, std::uint64_t bytes) {
  return Error{ErrorCode::kServiceUnavailable,
               fmt::format("{}: {} MiB more would leave less than {} MiB free on its disk, which "
                           "the registry and the history need",
                           file.path(), bytes / kMebibyte, disk_reserve(space.bytes) / kMebibyte)};
}

}  // namespace

// Alone: where a disk gives room page by page, an attempt that fails holds the last of it for a
// moment; and two that look at once would both find room for one.
Result<void> DiskReserve::preallocate(File& file, std::uint64_t bytes) {
  if (bytes == 0) return {};
  const std::lock_guard<std::mutex> alone(taking_);
  const Result<DiskSpace> space = file.disk_space();
  if (!space) return space.error();
  const std::uint64_t kept = disk_reserve(space->bytes);
  if (space->available < kept || space->available - kept < bytes) {
    return short_of_room(file, *space, bytes);
  }
  return file.reserve(bytes);
}

}  // namespace convoke
