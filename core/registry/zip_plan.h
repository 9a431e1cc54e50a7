// Which entries of an archive may be unpacked, decided from their names and kinds alone. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/model/error.h"

namespace convoke {

enum class EntryKind : std::uint8_t { kFile, kDirectory, kLink, kOther };

// Sees the entries in order and remembers what each path has become. What it lets through can be
// written below an empty directory without ever leaving it: every parent is a real directory, no
// path is used twice, and a link leads up no further than it lies deep.
class ZipPlan {
 public:
  // The path below the directory ("a/b", normalised; "" for the directory itself), or why not.
  [[nodiscard]] Result<std::string> admit(std::string_view name, EntryKind kind,
                                          std::string_view link_target = {});
  [[nodiscard]] std::size_t paths() const { return kinds_.size(); }  // with implied directories

 private:
  [[nodiscard]] Result<void> admit_parents(std::string_view name, std::string_view path);
  std::map<std::string, EntryKind, std::less<>> kinds_;
};

}  // namespace convoke
