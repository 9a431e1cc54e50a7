// An open file, and what is done to directories. Blocking. Errors name the file and the reason.
//
// Threads: a File may be used by one thread at a time, and closed by any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"

namespace convoke {

struct DiskSpace {
  std::uint64_t bytes;      // of the whole file system
  std::uint64_t available;  // to those who are not root
};

class File {
 public:
  // `flags` as for open(2); created files are readable by their owner alone.
  [[nodiscard]] static Result<std::unique_ptr<File>> open(std::string path, int flags);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Result<std::uint64_t> size() const;
  [[nodiscard]] Result<std::uint32_t> mode() const;    // st_mode: its kind, and who may what
  [[nodiscard]] Result<DiskSpace> disk_space() const;  // of the file system that it is on
  // All of the pieces, one after the other, or an error.
  [[nodiscard]] Result<void> write_at(std::uint64_t offset, const std::vector<std::string>& pieces);
  // At most `size` bytes; fewer only where the file ends.
  [[nodiscard]] Result<std::string> read_at(std::uint64_t offset, std::size_t size) const;
  [[nodiscard]] Result<void> reserve(std::uint64_t bytes);  // zeros, with room on the disk
  [[nodiscard]] Result<void> truncate(std::uint64_t bytes);
  void read_ahead(std::uint64_t offset, std::size_t size);  // a hint
  [[nodiscard]] Result<void> sync();                        // fsync
  [[nodiscard]] Result<void> sync_data();                   // fdatasync

 private:
  File(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  [[nodiscard]] Error failed(int error) const;

  std::string path_;
  int descriptor_;
};

[[nodiscard]] Result<void> make_directory(const std::string& path);  // durable; may exist already
[[nodiscard]] Result<void> sync_directory(const std::string& path);
[[nodiscard]] Result<std::vector<std::string>> list_directory(const std::string& path);  // sorted
[[nodiscard]] Result<void> remove_file(const std::string& path);  // not yet durable
[[nodiscard]] Result<void> rename_file(const std::string& from, const std::string& to);  // nor this

}  // namespace convoke
