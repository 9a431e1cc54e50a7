#include "core/loop/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/loop/uv_error.h"

namespace convoke {
namespace {

Error held_by_another(int descriptor, const std::string& directory) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  const std::string id(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return Error{ErrorCode::kServiceUnavailable,
               directory + " is in use by another engine (process " + (id.empty() ? "?" : id) +
                   "); stop that one, or choose another state directory"};
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

Result<std::unique_ptr<StateLock>> StateLock::take(const std::string& directory) {
  const std::string path = directory + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return uv_error(-errno, path);
  std::unique_ptr<StateLock> lock(new StateLock(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return held_by_another(descriptor, directory);
    return uv_error(-errno, path);
  }
  const int status = write_own_id(descriptor);
  if (status != 0) return uv_error(status, path);
  return lock;
}

StateLock::~StateLock() { ::close(descriptor_); }

}  // namespace convoke
