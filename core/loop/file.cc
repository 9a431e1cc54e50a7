#include "core/loop/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/loop/uv_error.h"

namespace convoke {
namespace {

constexpr std::size_t kPiecesPerWrite = 256;  // well below IOV_MAX (1024)

// Calls until it is not interrupted by a signal; returns what it returned, errno intact.
template <class Call>
auto uninterrupted(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

std::string parent_of(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  const std::size_t slash = path.find_last_of('/', end);
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where a write has come to.
struct Progress {
  std::size_t piece = 0;
  std::size_t within = 0;

  void by(std::size_t bytes, const std::vector<std::string>& pieces) {
    for (within += bytes; piece < pieces.size() && within >= pieces[piece].size(); ++piece) {
      within -= pieces[piece].size();
    }
  }
};

}  // namespace

Result<std::unique_ptr<File>> File::open(std::string path, int flags) {
  const int descriptor =
      uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR); });
  if (descriptor < 0) return uv_error(-errno, path);
  return std::unique_ptr<File>(new File(std::move(path), descriptor));
}

File::~File() { ::close(descriptor_); }

Error File::failed(int error) const { return uv_error(-error, path_); }

Result<std::uint64_t> File::size() const {
  struct stat found {};
  if (fstat(descriptor_, &found) != 0) return failed(errno);
  return static_cast<std::uint64_t>(found.st_size);
}

Result<std::uint32_t> File::mode() const {
  struct stat found {};
  if (fstat(descriptor_, &found) != 0) return failed(errno);
  return std::uint32_t{found.st_mode};
}

Result<DiskSpace> File::disk_space() const {
  struct statvfs found {};
  const int result = uninterrupted([&] { return fstatvfs(descriptor_, &found); });
  if (result != 0) return failed(errno);
  return DiskSpace{std::uint64_t{found.f_blocks} * found.f_frsize,
                   std::uint64_t{found.f_bavail} * found.f_frsize};
}

Result<void> File::write_at(std::uint64_t offset, const std::vector<std::string>& pieces) {
  Progress at;
  at.by(0, pieces);  // over empty pieces
  while (at.piece < pieces.size()) {
    std::array<iovec, kPiecesPerWrite> parts;
    const std::size_t count = std::min(parts.size(), pieces.size() - at.piece);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& piece = pieces[at.piece + i];
      const std::size_t from = i == 0 ? at.within : 0;
      parts[i] = {const_cast<char*>(piece.data()) + from, piece.size() - from};
    }
    const ssize_t written = uninterrupted([&] {
      return ::pwritev(descriptor_, parts.data(), static_cast<int>(count),
                       static_cast<off_t>(offset));
    });
    if (written < 0) return failed(errno);
    if (written == 0) return failed(EIO);
    offset += static_cast<std::uint64_t>(written);
    at.by(static_cast<std::size_t>(written), pieces);
  }
  return {};
}

Result<std::string> File::read_at(std::uint64_t offset, std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = uninterrupted([&] {
      return ::pread(descriptor_, bytes.data() + have, size - have,
                     static_cast<off_t>(offset + have));
    });
    if (got < 0) return failed(errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

Result<void> File::reserve(std::uint64_t bytes) {
  if (bytes == 0) return {};
  int error = EINTR;
  while (error == EINTR) error = posix_fallocate(descriptor_, 0, static_cast<off_t>(bytes));
  return error == 0 ? Result<void>{} : failed(error);
}

Result<void> File::truncate(std::uint64_t bytes) {
  const int result =
      uninterrupted([&] { return ::ftruncate(descriptor_, static_cast<off_t>(bytes)); });
  return result == 0 ? Result<void>{} : failed(errno);
}

void File::read_ahead(std::uint64_t offset, std::size_t size) {
  (void)posix_fadvise(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(size),
                      POSIX_FADV_WILLNEED);
}

Result<void> File::sync() {
  const int result = uninterrupted([&] { return ::fsync(descriptor_); });
  return result == 0 ? Result<void>{} : failed(errno);
}

Result<void> File::sync_data() {
  const int result = uninterrupted([&] { return ::fdatasync(descriptor_); });
  return result == 0 ? Result<void>{} : failed(errno);
}

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0) return sync_directory(parent_of(path));
  if (errno != EEXIST) return uv_error(-errno, path);
  return {};
}

Result<void> sync_directory(const std::string& path) {
  auto directory = File::open(path, O_RDONLY | O_DIRECTORY);
  if (!directory) return std::move(directory).error();
  return (*directory)->sync();
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (!directory) return uv_error(-errno, path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return uv_error(-errno, path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> remove_file(const std::string& path) {
  return ::unlink(path.c_str()) == 0 ? Result<void>{} : uv_error(-errno, path);
}

Result<void> rename_file(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? Result<void>{} : uv_error(-errno, from);
}

}  // namespace convoke
