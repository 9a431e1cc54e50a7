#include "core/loop/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "core/loop/file.h"

namespace convoke {

Result<std::string> read_secret_file(const std::string& path, std::size_t bytes_max) {
  const auto refuse = [&path](std::string_view why) {
    return Error{ErrorCode::kServiceUnavailable, fmt::format("{} {}", path, why)};
  };
  auto file = File::open(path, O_RDONLY | O_NONBLOCK);  // a pipe would wait for its writer
  if (!file) return std::move(file).error();
  const auto mode = (*file)->mode();
  if (!mode) return mode.error();
  if (!S_ISREG(*mode)) return refuse("is not a regular file");
  if ((*mode & (S_IRWXG | S_IRWXO)) != 0) {
    return refuse(fmt::format("holds a secret that other users can reach: chmod 600 {}", path));
  }
  auto text = (*file)->read_at(0, bytes_max + 1);
  if (text && text->size() > bytes_max) {
    return refuse(fmt::format("is larger than {} bytes", bytes_max));
  }
  return text;
}

}  // namespace convoke
