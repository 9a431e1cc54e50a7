#include "core/loop/log_view.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/loop/file.h"
#include "core/loop/uv_error.h"

namespace convoke {
namespace {

// Asked of a view all the same: a bug of ours.
void changes_nothing() { ENSURE(false); }

class FileSeen final : public LogFile {
 public:
  explicit FileSeen(std::uint64_t end) : end_(end) {}

  [[nodiscard]] std::uint64_t size() const override { return end_; }
  void append(std::string) override { changes_nothing(); }
  void sync(Synced) override { changes_nothing(); }
  void read(std::uint64_t, std::size_t, Read) override { changes_nothing(); }
  void rewind() override { changes_nothing(); }

 private:
  std::uint64_t end_;
};

}  // namespace

Result<std::vector<std::string>> LogView::list() {
  if (std::error_code ignored; !std::filesystem::exists(path_, ignored)) {
    return std::vector<std::string>();
  }
  return list_directory(path_);
}

Result<std::unique_ptr<LogFile>> LogView::open(const std::string& name, std::uint64_t end) {
  if (::access(path_of(name).c_str(), R_OK | W_OK) != 0) return uv_error(-errno, path_of(name));
  return std::unique_ptr<LogFile>(std::make_unique<FileSeen>(end));
}

Result<std::string> LogView::read(const std::string& name, std::uint64_t offset, std::size_t size) {
  auto file = File::open(path_of(name), O_RDONLY);
  if (!file) return std::move(file).error();
  return (*file)->read_at(offset, size);
}

Result<std::string> LogView::read_all(const std::string& name) {
  auto file = File::open(path_of(name), O_RDONLY);
  if (!file) return std::move(file).error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  return (*file)->read_at(0, size.value());
}

Error LogView::refused() const {
  return Error{ErrorCode::kServiceUnavailable, path_ + ": it is only looked at"};
}

Result<std::unique_ptr<LogFile>> LogView::create(const std::string&, std::uint64_t) {
  return refused();
}
void LogView::create_async(const std::string&, std::uint64_t, Created) { changes_nothing(); }
Result<void> LogView::remove(const std::string&) { return refused(); }
void LogView::remove_async(const std::string&) { changes_nothing(); }
Result<void> LogView::rename(const std::string&, const std::string&) { return refused(); }
Result<void> LogView::sync(const std::string&) { return {}; }

// Whoever wants room for what memory should not hold does without.
Result<std::unique_ptr<ScratchFile>> LogView::scratch() { return refused(); }

Result<void> LogView::replace(const std::string&, std::string_view) { return refused(); }

}  // namespace convoke
