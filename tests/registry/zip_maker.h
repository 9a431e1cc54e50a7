// Zips for tests, byte by byte: a polite library would not write the hostile ones.
#pragma once

#include <lzma.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace convoke {

inline constexpr std::uint32_t kFileMode = 0100644;
inline constexpr std::uint32_t kExecutableMode = 0100755;
inline constexpr std::uint32_t kDirectoryMode = 0040755;
inline constexpr std::uint32_t kLinkMode = 0120777;
inline constexpr std::uint32_t kDeviceMode = 0020666;

struct ZipEntry {
  std::string name;
  std::string content;  // a link's target
  std::uint32_t mode = kFileMode;
  bool wrong_crc = false;
};

namespace zip_maker_detail {

inline void put(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

// The part that a local header and a central one have in common: version needed .. extra length.
inline void put_common(std::string& out, const ZipEntry& entry) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(entry.content.data());
  const std::uint32_t crc = lzma_crc32(data, entry.content.size(), 0);
  const auto size = static_cast<std::uint32_t>(entry.content.size());
  put(out, 20, 2);      // version needed
  put(out, 0x0800, 2);  // the name is UTF-8
  put(out, 0, 2);       // stored
  put(out, 0, 4);       // time, date
  put(out, entry.wrong_crc ? crc ^ 1U : crc, 4);
  put(out, size, 4);
  put(out, size, 4);
  put(out, static_cast<std::uint32_t>(entry.name.size()), 2);
  put(out, 0, 2);
}

}  // namespace zip_maker_detail

[[nodiscard]] inline std::string make_zip(const std::vector<ZipEntry>& entries) {
  using zip_maker_detail::put;
  using zip_maker_detail::put_common;
  std::string zip;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const auto offset = static_cast<std::uint32_t>(zip.size());
    put(zip, 0x04034b50, 4);
    put_common(zip, entry);
    zip += entry.name;
    zip += entry.content;
    put(directory, 0x02014b50, 4);
    put(directory, (3 << 8) | 20, 2);  // made on Unix
    put_common(directory, entry);
    put(directory, 0, 2);  // comment
    put(directory, 0, 2);  // disk
    put(directory, 0, 2);  // internal attributes
    put(directory, entry.mode << 16, 4);
    put(directory, offset, 4);
    directory += entry.name;
  }
  const auto count = static_cast<std::uint32_t>(entries.size());
  const auto start = static_cast<std::uint32_t>(zip.size());
  zip += directory;
  put(zip, 0x06054b50, 4);
  put(zip, 0, 4);
  put(zip, count, 2);
  put(zip, count, 2);
  put(zip, static_cast<std::uint32_t>(directory.size()), 4);
  put(zip, start, 4);
  put(zip, 0, 2);
  return zip;
}

[[nodiscard]] inline std::string to_base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto byte =
          at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : std::uint8_t{0};
      bits = (bits << 8) | byte;
    }
    for (std::size_t i = 0; i < 4; ++i)
      text += at + i > bytes.size() ? '=' : kAlphabet[(bits >> (18 - 6 * i)) & 63];
  }
  return text;
}

}  // namespace convoke
