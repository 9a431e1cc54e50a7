// Plain files and directories, for code packages. Errors as values, with the path in them.
//
// Blocking; runs on the registry's IoThread. ServiceUnavailable for what the disk refuses.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"

namespace convoke {

// Owns an open file; closes it.
class FileDescriptor {
 public:
  explicit FileDescriptor(int value) : value_(value) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor();
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_;
};

[[nodiscard]] Result<FileDescriptor> create_file(const std::string& path,
                                                 mode_t mode);  // not there
[[nodiscard]] Result<void> write_at(const FileDescriptor& file, std::string_view bytes,
                                    std::int64_t offset);
[[nodiscard]] Result<std::string> read_file(const std::string& path);

[[nodiscard]] Result<void> make_directories(const std::string& path);  // those that are missing
[[nodiscard]] Result<void> make_link(const std::string& path, const std::string& target);
[[nodiscard]] Result<void> rename_path(const std::string& from, const std::string& to);
// The file or the whole tree; follows no link. What is not there is no error.
void remove_tree(const std::string& path);
[[nodiscard]] std::vector<std::string> names_in(const std::string& directory);  // any order

// Everything written on the file system of this directory so far is durable on return.
[[nodiscard]] Result<void> sync_file_system(const std::string& directory);

}  // namespace convoke
