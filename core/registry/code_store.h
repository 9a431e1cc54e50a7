// Code packages on disk: DIR/NAME.zip as it came, and DIR/NAME/ unpacked.
//
// Blocking; runs on the registry's IoThread. A package appears whole or not at all: it is unpacked
// beside, made durable, and renamed. Nothing here trusts the zip (see zip.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"
#include "core/model/function.h"

namespace convoke {

inline constexpr std::size_t kZipBytesMax = 75UL << 20;  // 100 MB as base64 in a body

class CodeStore {
 public:
  // Makes the directory if it is not there.
  [[nodiscard]] static Result<CodeStore> open(std::string directory);

  // Unpacks and keeps the package under this name, which nothing has been kept under before.
  // InvalidArgument: not a zip, or one that is refused. ServiceUnavailable: no room on the disk.
  // Either way nothing is left behind.
  [[nodiscard]] Result<CodePackage> put(std::string_view zip, const std::string& name);
  [[nodiscard]] Result<std::string> read_zip(const CodePackage& code) const;
  // Whether it was put here, and is whole.
  [[nodiscard]] static bool has(const CodePackage& code);
  void remove(const CodePackage& code);
  // Removes all packages but those whose unpacked directory is listed.
  void keep_only(const std::vector<std::string>& directories);

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  explicit CodeStore(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;  // absolute
};

// A zip as clients send it. InvalidArgument: too large, or no base64.
[[nodiscard]] Result<std::string> decode_zip(const std::string& base64);

// CRC-64/XZ as an unsigned decimal: what Function Compute calls a code's checksum.
[[nodiscard]] std::string checksum_of(std::string_view bytes);

}  // namespace convoke
