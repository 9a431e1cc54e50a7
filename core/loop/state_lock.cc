#include "core/loop/state_lock.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "core/edge/owned_fd.h"
#include "core/loop/loop.h"
#include "core/loop/uv_error.h"

namespace convoke {
namespace {

std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "?";
}

Error held_by_another(int descriptor, const std::string& directory) {
  return Error{ErrorCode::kServiceUnavailable,
               directory + " is in use by another engine (process " + holder_of(descriptor) +
                   "); stop that one, or choose another state directory"};
}

bool lock_within(int descriptor, const std::string& directory, Duration wait_max) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK || wait_max <= Duration{}) return false;
  spdlog::info("waiting for the engine that has {} (process {}) to end, for up to {} s", directory,
               holder_of(descriptor), std::chrono::ceil<Seconds>(wait_max).count());
  const Instant ends = monotonic_now() + wait_max;
  while (monotonic_now() < ends) {
    std::this_thread::sleep_for(StateLock::kLookEvery);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) return false;
  }
  errno = EWOULDBLOCK;
  return false;
}

// For people, and for the message above; the lock itself is flock's.
int write_own_id(int descriptor) {
  const std::string id = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0) return -errno;
  const ssize_t written = ::pwrite(descriptor, id.data(), id.size(), 0);
  if (written < 0) return -errno;
  return static_cast<std::size_t>(written) == id.size() ? 0 : -ENOSPC;
}

}  // namespace

Result<std::unique_ptr<StateLock>> StateLock::take(const std::string& directory,
                                                   Duration wait_max) {
  const std::string path = directory + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return uv_error(-errno, path);
  std::unique_ptr<StateLock> lock(new StateLock(descriptor));
  if (!lock_within(descriptor, directory, wait_max)) {
    if (errno == EWOULDBLOCK) return held_by_another(descriptor, directory);
    return uv_error(-errno, path);
  }
  const int status = write_own_id(descriptor);
  if (status != 0) return uv_error(status, path);
  return lock;
}

std::optional<std::string> StateLock::holder(const std::string& directory) {
  const OwnedFd file(::open((directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC));
  // Shared, and for this moment alone: other lookers do not see us.
  if (!file.is_open() || ::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  return holder_of(file.get());
}

StateLock::~StateLock() { ::close(descriptor_); }

}  // namespace convoke
