#include "core/registry/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>
#include <locale.h>
#include <sys/stat.h>

#include <memory>

#include "core/registry/file.h"
#include "core/registry/zip_plan.h"

namespace convoke {
namespace {

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeArchive>;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Error unreadable(archive* reader) {
  const char* why = archive_error_string(reader);
  return invalid(fmt::format("code.zipFile is not a zip archive that can be read: {}",
                             why != nullptr ? why : "no reason given"));
}

EntryKind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return EntryKind::kOther;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryKind::kFile;
    case AE_IFDIR:
      return EntryKind::kDirectory;
    case AE_IFLNK:
      return EntryKind::kLink;
    default:
      return EntryKind::kOther;
  }
}

std::string_view text_or_empty(const char* text) { return text != nullptr ? text : ""; }

// libarchive keeps a name as it came, as UTF-8, or both.
std::string_view name_of(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  return text_or_empty(name != nullptr ? name : archive_entry_pathname_utf8(entry));
}

std::string_view link_target_of(archive_entry* entry) {
  const char* target = archive_entry_symlink(entry);
  return text_or_empty(target != nullptr ? target : archive_entry_symlink_utf8(entry));
}

// libarchive turns names into the thread's locale, and refuses those that "C" cannot spell. Names
// on disk are UTF-8, whatever locale the program was started in.
class Utf8Locale {
 public:
  Utf8Locale()
      : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)),
        before_(::uselocale(utf8_)) {}  // without such a locale: changes nothing
  ~Utf8Locale() {
    ::uselocale(before_);
    if (utf8_ != nullptr) ::freelocale(utf8_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t utf8_;
  locale_t before_;
};

class Unpacking {
 public:
  Unpacking(archive* reader, const std::string& directory, const ZipLimits& limits)
      : reader_(reader), directory_(directory), limits_(limits) {}

  Result<void> run();

 private:
  Result<void> unpack(archive_entry* entry);
  Result<void> write_file(const std::string& path, archive_entry* entry);
  Result<void> write_block(const FileDescriptor& file, const void* bytes, std::size_t size,
                           std::int64_t offset);

  archive* reader_;
  const std::string& directory_;
  const ZipLimits& limits_;
  ZipPlan plan_;
  std::uint64_t unpacked_bytes_ = 0;
  std::size_t files_ = 0;
};

Result<void> Unpacking::run() {
  archive_entry* entry = nullptr;
  while (true) {
    const int read = archive_read_next_header(reader_, &entry);
    if (read == ARCHIVE_EOF) break;
    if (read != ARCHIVE_OK && read != ARCHIVE_WARN) return unreadable(reader_);
    if (Result<void> unpacked = unpack(entry); !unpacked) return unpacked;
  }
  if (files_ == 0) return invalid("code.zipFile holds no file");
  return {};
}

Result<void> Unpacking::unpack(archive_entry* entry) {
  const EntryKind kind = kind_of(entry);
  Result<std::string> admitted = plan_.admit(name_of(entry), kind, link_target_of(entry));
  if (!admitted) return admitted.error();
  if (plan_.paths() > limits_.entries_max)
    return invalid(fmt::format("code.zipFile has too many entries (max: {})", limits_.entries_max));
  if (admitted->empty()) return {};

  const std::string path = directory_ + '/' + *admitted;
  const std::string parent = path.substr(0, path.rfind('/'));
  if (Result<void> made = make_directories(parent); !made) return made;
  switch (kind) {
    case EntryKind::kDirectory:
      return make_directories(path);
    case EntryKind::kLink:
      return make_link(path, std::string(link_target_of(entry)));
    default:
      ++files_;
      return write_file(path, entry);
  }
}

Result<void> Unpacking::write_file(const std::string& path, archive_entry* entry) {
  constexpr mode_t kAnyExecute = S_IXUSR | S_IXGRP | S_IXOTH;
  const mode_t mode = (archive_entry_perm(entry) & kAnyExecute) != 0 ? 0755 : 0644;
  Result<FileDescriptor> file = create_file(path, mode);
  if (!file) return file.error();
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  while (true) {
    const int read = archive_read_data_block(reader_, &bytes, &size, &offset);
    if (read == ARCHIVE_EOF) return {};
    if (read != ARCHIVE_OK) return unreadable(reader_);
    if (Result<void> written = write_block(*file, bytes, size, offset); !written) return written;
  }
}

Result<void> Unpacking::write_block(const FileDescriptor& file, const void* bytes, std::size_t size,
                                    std::int64_t offset) {
  unpacked_bytes_ += size;
  if (unpacked_bytes_ > limits_.unpacked_bytes_max)
    return invalid(fmt::format("code.zipFile is too large when unpacked (max: {} bytes)",
                               limits_.unpacked_bytes_max));
  return write_at(file, std::string_view(static_cast<const char*>(bytes), size), offset);
}

}  // namespace

Result<void> unpack_zip(std::string_view zip, const std::string& directory,
                        const ZipLimits& limits) {
  const Utf8Locale locale;
  const Reader reader(archive_read_new());
  // By the central directory only: a stream of local headers can tell another story, and has no
  // execute bits.
  if (archive_read_support_format_zip_seekable(reader.get()) != ARCHIVE_OK ||
      archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK)
    return unreadable(reader.get());
  return Unpacking(reader.get(), directory, limits).run();
}

}  // namespace convoke
