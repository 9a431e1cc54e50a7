#include "core/loop/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/loop/entropy.h"
#include "core/loop/file.h"
#include "core/loop/secret_file.h"

namespace convoke {
namespace {

constexpr std::size_t kKeyFileBytesMax = 4096;

Error bad_key(const std::string& path, std::string_view why) {
  return {ErrorCode::kServiceUnavailable, fmt::format("{} {}", path, why)};
}

std::string new_key() {
  std::string key;
  while (key.size() < kKeyTextSize) key += fmt::format("{:016x}", entropy_seed());
  return key;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// Whole or not at all: under another name first.
Result<std::string> make_key(const std::string& path) {
  const std::string fresh = path + ".new";
  std::string key = new_key();
  auto file = File::open(fresh, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return std::move(file).error();
  if (auto written = (*file)->write_at(0, {key, "\n"}); !written) return written.error();
  if (auto synced = (*file)->sync(); !synced) return synced.error();
  if (auto renamed = rename_file(fresh, path); !renamed) return renamed.error();
  const std::string directory = std::filesystem::path(path).parent_path().string();
  if (auto synced = sync_directory(directory.empty() ? "." : directory); !synced) {
    return synced.error();
  }
  return key;
}

}  // namespace

Result<std::string> load_key(const std::string& path) {
  auto text = read_secret_file(path, kKeyFileBytesMax);
  if (!text) return text;
  if (!text->empty() && text->back() == '\n') text->pop_back();
  if (text->size() == kKeyTextSize && std::all_of(text->begin(), text->end(), is_hex)) return text;
  return bad_key(path,
                 fmt::format("does not hold {} lower-case hex digits; remove it to have a new "
                             "key made, which receivers must then be told",
                             kKeyTextSize));
}

Result<std::string> load_or_make_key(const std::string& path) {
  std::error_code failed;
  const bool there = std::filesystem::exists(path, failed);
  if (failed) {
    return bad_key(path, fmt::format("cannot be looked at: {}", failed.message()));
  }
  return there ? load_key(path) : make_key(path);
}

}  // namespace convoke
