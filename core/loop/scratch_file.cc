#include "core/loop/scratch_file.h"

#include <fcntl.h>

#include <utility>

#include "core/loop/file.h"

namespace convoke {
namespace {

constexpr std::string_view kName = "/.scratch";  // for the moment until it has none

class DiskScratchFile final : public ScratchFile {
 public:
  explicit DiskScratchFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  Result<void> write(std::uint64_t offset, std::string_view bytes) override {
    return file_->write_at(offset, {std::string(bytes)});
  }
  Result<std::string> read(std::uint64_t offset, std::size_t size) const override {
    auto bytes = file_->read_at(offset, size);
    if (bytes && bytes->size() < size) {
      return Error{ErrorCode::kServiceUnavailable,
                   file_->path() + ": ends before byte " + std::to_string(offset + size)};
    }
    return bytes;
  }
  void announce(std::uint64_t offset, std::size_t size) override {
    file_->read_ahead(offset, size);
  }
  void clear() override { (void)file_->truncate(0); }  // what stays is overwritten

 private:
  std::unique_ptr<File> file_;
};

}  // namespace

Result<std::unique_ptr<ScratchFile>> open_scratch_file(const std::string& directory) {
  const std::string path = directory + std::string(kName);
  auto file = File::open(path, O_RDWR | O_CREAT | O_TRUNC);
  if (!file) return std::move(file).error();
  if (auto removed = remove_file(path); !removed) return std::move(removed).error();
  return std::unique_ptr<ScratchFile>(std::make_unique<DiskScratchFile>(std::move(*file)));
}

}  // namespace convoke
