#include "tools/files.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace convoke::cli {
namespace {

struct FileClose {
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};

Failure unreadable(const std::string& name, int error) {
  return usage_failure(fmt::format("cannot read {}: {}", name, std::strerror(error)));
}

}  // namespace

Outcome<std::string> read_whole_stream(std::FILE* stream, const std::string& name,
                                       std::size_t bytes_max) {
  std::string content;
  std::array<char, 64UL << 10> chunk{};
  for (;;) {
    const std::size_t size = std::fread(chunk.data(), 1, chunk.size(), stream);
    if (size == 0) break;
    content.append(chunk.data(), size);
    if (content.size() > bytes_max) {
      return usage_failure(fmt::format("{} holds more than {} bytes", name, bytes_max));
    }
  }
  if (std::ferror(stream) != 0) return unreadable(name, errno);
  return content;
}

Outcome<std::string> read_whole_file(const std::string& path, std::size_t bytes_max) {
  const std::unique_ptr<std::FILE, FileClose> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return unreadable(path, errno);
  return read_whole_stream(file.get(), path, bytes_max);
}

}  // namespace convoke::cli
