#include "core/registry/file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace convoke {
namespace {

Error disk_error(std::string_view doing, const std::string& path, int error) {
  return {ErrorCode::kServiceUnavailable,
          fmt::format("cannot {} '{}': {}", doing, path, std::strerror(error))};
}

}  // namespace

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : value_(std::exchange(other.value_, -1)) {}

FileDescriptor::~FileDescriptor() {
  if (value_ >= 0) ::close(value_);
}

Result<FileDescriptor> create_file(const std::string& path, mode_t mode) {
  const int opened =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (opened < 0) return disk_error("create", path, errno);
  FileDescriptor file(opened);
  // The umask must not take the execute bits away.
  if (::fchmod(opened, mode) != 0) return disk_error("set the mode of", path, errno);
  return file;
}

Result<void> write_at(const FileDescriptor& file, std::string_view bytes, std::int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file.value(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return disk_error("write", "a file of the code", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return {};
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return disk_error("read", path, errno);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return disk_error("read", path, EIO);
  return bytes;
}

Result<void> make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return disk_error("make the directory", path, error.value());
  return {};
}

Result<void> make_link(const std::string& path, const std::string& target) {
  if (::symlink(target.c_str(), path.c_str()) != 0) return disk_error("make the link", path, errno);
  return {};
}

Result<void> rename_path(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return disk_error("rename", from, errno);
  return {};
}

void remove_tree(const std::string& path) {
  std::error_code ignored;  // tried again at the next start
  std::filesystem::remove_all(path, ignored);
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error))
    names.push_back(at->path().filename().string());
  return names;
}

Result<void> sync_file_system(const std::string& directory) {
  const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.value() < 0 || ::syncfs(opened.value()) != 0)
    return disk_error("make durable", directory, errno);
  return {};
}

}  // namespace convoke
