#include "core/registry/code_store.h"

#include <fmt/core.h>
#include <lzma.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/registry/base64.h"
#include "core/registry/file.h"
#include "core/registry/zip.h"

namespace convoke {
namespace {

constexpr std::string_view kZipSuffix = ".zip";
constexpr std::string_view kUnfinishedSuffix = ".new";  // not yet durable: removed by keep_only

constexpr std::size_t kZipBase64BytesMax = (kZipBytesMax + 2) / 3 * 4;

std::string zip_path(const std::string& directory) { return directory + std::string(kZipSuffix); }

Result<void> write_zip(const std::string& path, std::string_view zip) {
  const Result<FileDescriptor> file = create_file(path, 0644);
  if (!file) return file.error();
  return write_at(*file, zip, 0);
}

// Written beside, made durable, then renamed: a package is there whole or not at all.
Result<void> write_package(std::string_view zip, const std::string& directory) {
  const std::string unfinished = directory + std::string(kUnfinishedSuffix);
  if (Result<void> made = make_directories(unfinished); !made) return made;
  if (Result<void> done = unpack_zip(zip, unfinished, ZipLimits{}); !done) return done;
  if (Result<void> done = write_zip(zip_path(directory), zip); !done) return done;
  if (Result<void> done = sync_file_system(unfinished); !done) return done;
  if (Result<void> done = rename_path(unfinished, directory); !done) return done;
  return sync_file_system(directory);
}

}  // namespace

Result<CodeStore> CodeStore::open(std::string directory) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(directory, error);
  if (error)
    return Error{ErrorCode::kInternalServerError,
                 fmt::format("cannot find '{}': {}", directory, error.message())};
  directory = absolute.lexically_normal().string();
  if (Result<void> made = make_directories(directory); !made) return made.error();
  return CodeStore(std::move(directory));
}

Result<CodePackage> CodeStore::put(std::string_view zip, const std::string& name) {
  if (zip.size() > kZipBytesMax)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("code.zipFile is too large (max: {} bytes, actual: {})", kZipBytesMax,
                             zip.size())};
  CodePackage code;
  code.checksum = checksum_of(zip);
  code.size = zip.size();
  code.directory = directory_ + '/' + name;
  remove(code);  // what an engine that ended between unpacking and committing left behind
  if (Result<void> written = write_package(zip, code.directory); !written) {
    remove(code);
    return written.error();
  }
  return code;
}

Result<std::string> CodeStore::read_zip(const CodePackage& code) const {
  return read_file(zip_path(code.directory));
}

bool CodeStore::has(const CodePackage& code) {
  std::error_code error;
  return std::filesystem::is_directory(code.directory, error) &&
         std::filesystem::is_regular_file(zip_path(code.directory), error);
}

void CodeStore::remove(const CodePackage& code) {
  remove_tree(code.directory);
  remove_tree(code.directory + std::string(kUnfinishedSuffix));
  remove_tree(zip_path(code.directory));
}

void CodeStore::keep_only(const std::vector<std::string>& directories) {
  for (const std::string& name : names_in(directory_)) {
    const std::string path = directory_ + '/' + name;
    const bool kept =
        std::any_of(directories.begin(), directories.end(), [&](const std::string& directory) {
          return path == directory || path == zip_path(directory);
        });
    if (!kept) remove_tree(path);
  }
}

Result<std::string> decode_zip(const std::string& base64) {
  if (base64.size() > kZipBase64BytesMax)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("code.zipFile is too large (max: {} bytes of base64, actual: {})",
                             kZipBase64BytesMax, base64.size())};
  return decode_base64(base64);
}

std::string checksum_of(std::string_view bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return std::to_string(lzma_crc64(data, bytes.size(), 0));
}

}  // namespace convoke
