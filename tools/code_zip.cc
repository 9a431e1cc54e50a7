#include "tools/code_zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "tools/files.h"

namespace convoke::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::time_t kOneTime = 315'576'000;  // in 1980, where the zip format's time begins

struct ArchiveFree {
  void operator()(archive* zip) const { archive_write_free(zip); }
};
struct EntryFree {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

la_ssize_t append_bytes(archive*, void* context, const void* data, std::size_t size) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

struct CodeFile {
  fs::path path;
  std::string name;  // inside the package
  bool executable = false;
};

class Lister {
 public:
  explicit Lister(fs::path root) : root_(std::move(root)) {}

  Outcome<std::vector<CodeFile>> list() {
    std::error_code error;
    fs::recursive_directory_iterator walk(root_, error);
    for (const fs::recursive_directory_iterator end; !error && walk != end; walk.increment(error)) {
      if (walk->path().filename() == ".git") {
        walk.disable_recursion_pending();
        continue;
      }
      if (Outcome<Done> added = add(*walk); !added) return added.failure();
    }
    if (error) {
      return usage_failure(fmt::format("cannot read {}: {}", root_.string(), error.message()));
    }
    // A directory is read in any order; the package's must not depend on it.
    std::sort(files_.begin(), files_.end(),
              [](const CodeFile& a, const CodeFile& b) { return a.name < b.name; });
    return std::move(files_);
  }

 private:
  Outcome<Done> add(const fs::directory_entry& found) {
    std::error_code error;
    const fs::file_status status = found.status(error);
    const std::string name = found.path().lexically_relative(root_).generic_string();
    if (name == "convoke.toml") return Done{};
    if (fs::is_directory(status)) {
      if (!found.is_symlink(error)) return Done{};
      return usage_failure(
          fmt::format("{} is a link to a directory; a code package holds files: "
                      "copy the directory in its place",
                      found.path().string()));
    }
    if (!fs::is_regular_file(status)) {
      return usage_failure(
          fmt::format("{} is no file that a code package can hold", found.path().string()));
    }
    if (files_.size() == kCodeFilesMax) {
      return usage_failure(
          fmt::format("{} holds more than {} files", root_.string(), kCodeFilesMax));
    }
    const bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
    files_.push_back({found.path(), name, executable});
    return Done{};
  }

  fs::path root_;
  std::vector<CodeFile> files_;
};

class ZipWriter {
 public:
  ZipWriter() : zip_(archive_write_new()) {
    archive_write_set_format_zip(zip_.get());
    archive_write_set_bytes_in_last_block(zip_.get(), 1);
    archive_write_open(zip_.get(), &bytes_, nullptr, append_bytes, nullptr);
  }

  Outcome<Done> add(const CodeFile& file) {
    Outcome<std::string> read = read_whole_file(file.path.string(), kCodeBytesMax - unpacked_);
    if (!read) return read.failure();
    const std::string& content = *read;
    unpacked_ += content.size();
    const std::unique_ptr<archive_entry, EntryFree> entry(archive_entry_new());
    archive_entry_set_pathname_utf8(entry.get(), file.name.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), file.executable ? 0755 : 0644);
    archive_entry_set_mtime(entry.get(), kOneTime, 0);
    if (archive_write_header(zip_.get(), entry.get()) != ARCHIVE_OK) return refused(file);
    const la_ssize_t written = archive_write_data(zip_.get(), content.data(), content.size());
    if (written != static_cast<la_ssize_t>(content.size())) return refused(file);
    return Done{};
  }

  Outcome<std::string> finish() {
    if (archive_write_close(zip_.get()) != ARCHIVE_OK) {
      return usage_failure(fmt::format("cannot pack the code: {}", why()));
    }
    if (bytes_.size() > kZipBytesMax) {
      return usage_failure(fmt::format("the packed code is {} MB, more than the {} MB allowed",
                                       bytes_.size() >> 20, kZipBytesMax >> 20));
    }
    return std::move(bytes_);
  }

 private:
  [[nodiscard]] std::string why() const {
    const char* text = archive_error_string(zip_.get());
    return text == nullptr ? "no reason given" : text;
  }
  [[nodiscard]] Failure refused(const CodeFile& file) const {
    return usage_failure(fmt::format("cannot pack {}: {}", file.path.string(), why()));
  }

  std::string bytes_;  // outlives zip_, whose end writes into it
  std::size_t unpacked_ = 0;
  std::unique_ptr<archive, ArchiveFree> zip_;
};

}  // namespace

Outcome<CodeZip> zip_directory(const std::string& directory) {
  Outcome<std::vector<CodeFile>> files = Lister(directory).list();
  if (!files) return files.failure();
  ZipWriter zip;
  for (const CodeFile& file : *files) {
    if (Outcome<Done> added = zip.add(file); !added) return added.failure();
  }
  Outcome<std::string> bytes = zip.finish();
  if (!bytes) return bytes.failure();
  return CodeZip{std::move(*bytes), files->size()};
}

}  // namespace convoke::cli
