// A file for what would be in memory if there were less of it. It has no name: nothing of it is
// found by a later start, and so nothing is ever made durable.
//
// Blocking, by way of the page cache: a write costs its copy; a read does too, once announced.
// Used by the thread that owns it alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/error.h"

namespace convoke {

class ScratchFile {
 public:
  virtual ~ScratchFile() = default;
  [[nodiscard]] virtual Result<void> write(std::uint64_t offset, std::string_view bytes) = 0;
  // All of it, or an error.
  [[nodiscard]] virtual Result<std::string> read(std::uint64_t offset, std::size_t size) const = 0;
  virtual void announce(std::uint64_t offset, std::size_t size) = 0;  // it will be read soon
  virtual void clear() = 0;  // gives all of its room back to the disk
};

}  // namespace convoke
