#include "core/loop/log_file.h"

#include <fcntl.h>

#include <utility>

#include "core/loop/file.h"
#include "core/loop/scratch_file.h"

namespace convoke {
namespace {

// What replace() writes before the rename; a crash may leave one.
constexpr std::string_view kReplacingSuffix = ".replacing";

bool is_left_over(std::string_view name) {
  return name.size() > kReplacingSuffix.size() &&
         name.substr(name.size() - kReplacingSuffix.size()) == kReplacingSuffix;
}

class DiskLogFile final : public LogFile {
 public:
  DiskLogFile(std::shared_ptr<File> file, std::uint64_t end, IoThread& io)
      : file_(std::move(file)), io_(io), size_(end), written_(end) {}

  void append(std::string bytes) override {
    size_ += bytes.size();
    pieces_.push_back(std::move(bytes));
  }
  void sync(Synced done) override;
  void read(std::uint64_t offset, std::size_t size, Read done) override;
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  void rewind() override;

 private:
  struct SyncJob {
    std::shared_ptr<File> file;
    std::uint64_t offset;
    std::vector<std::string> pieces;
    Result<void> result;
  };

  void on_synced(const Result<void>& result, const Synced& done);

  std::shared_ptr<File> file_;  // shared with the jobs under way
  IoThread& io_;
  std::vector<std::string> pieces_;  // appended, not yet with a job
  std::uint64_t size_;
  std::uint64_t written_;         // where pieces_ begins
  std::optional<Error> failure_;  // once failed, for ever failed
  bool syncing_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // completions hold it weakly
};

void DiskLogFile::sync(Synced done) {
  ENSURE(!syncing_);
  syncing_ = true;
  auto job = std::make_shared<SyncJob>();
  job->file = file_;
  job->offset = written_;
  job->pieces.swap(pieces_);
  written_ = size_;
  if (failure_) job->result = *failure_;
  io_.run(
      [job] {
        if (job->result) job->result = job->file->write_at(job->offset, job->pieces);
        if (job->result) job->result = job->file->sync_data();
      },
      [this, alive = std::weak_ptr<bool>(alive_), job, done = std::move(done)] {
        if (!alive.expired()) on_synced(job->result, done);
      });
}

void DiskLogFile::on_synced(const Result<void>& result, const Synced& done) {
  syncing_ = false;
  if (!result) failure_ = result.error();
  done(result);
}

void DiskLogFile::read(std::uint64_t offset, std::size_t size, Read done) {
  auto result = std::make_shared<Result<std::string>>(std::string());
  io_.run(
      [file = file_, offset, size, result] {
        *result = file->read_at(offset, size);
        if (*result && (*result)->size() < size) {
          *result = Error{ErrorCode::kServiceUnavailable,
                          file->path() + ": ends before byte " + std::to_string(offset + size)};
        }
      },
      [alive = std::weak_ptr<bool>(alive_), result, done = std::move(done)] {
        if (!alive.expired()) done(std::move(*result));
      });
}

void DiskLogFile::rewind() {
  ENSURE(!syncing_);
  ENSURE(pieces_.empty());
  size_ = written_ = 0;
}

Result<std::shared_ptr<File>> create_file(const std::string& directory, const std::string& path,
                                          std::uint64_t reserve, DiskReserve& kept) {
  auto file = File::open(path, O_RDWR | O_CREAT | O_EXCL);
  if (!file) return std::move(file).error();
  Result<void> made = kept.preallocate(**file, reserve);
  if (made) made = (*file)->sync();
  if (made) made = sync_directory(directory);
  if (made) return std::shared_ptr<File>(std::move(file).value());
  static_cast<void>(remove_file(path));  // the first error is the one to tell
  return std::move(made).error();
}

}  // namespace

DiskLogDir::DiskLogDir(std::string path, IoThread& syncing, IoThread& preparing, DiskReserve& kept)
    : path_(std::move(path)), syncing_(syncing), preparing_(preparing), kept_(kept) {}

DiskLogDir::~DiskLogDir() = default;

Result<std::unique_ptr<DiskLogDir>> DiskLogDir::open(std::string path, IoThread& syncing,
                                                     IoThread& preparing, DiskReserve& kept) {
  Result<void> made = make_directory(path);
  if (!made) return std::move(made).error();
  auto names = list_directory(path);
  if (!names) return std::move(names).error();
  std::unique_ptr<DiskLogDir> directory(new DiskLogDir(std::move(path), syncing, preparing, kept));
  for (const std::string& name : *names) {
    if (!is_left_over(name)) continue;
    Result<void> removed = remove_file(directory->path_of(name));
    if (!removed) return std::move(removed).error();
  }
  return directory;
}

std::string DiskLogDir::path_of(const std::string& name) const {
  ENSURE(!name.empty() && name.find('/') == std::string::npos);
  return path_ + "/" + name;
}

Result<std::vector<std::string>> DiskLogDir::list() {
  auto names = list_directory(path_);
  if (names) std::erase_if(*names, is_left_over);
  return names;
}

Result<std::unique_ptr<LogFile>> DiskLogDir::create(const std::string& name,
                                                    std::uint64_t reserve) {
  auto file = create_file(path_, path_of(name), reserve, kept_);
  if (!file) return std::move(file).error();
  return std::unique_ptr<LogFile>(
      std::make_unique<DiskLogFile>(std::move(file).value(), 0, syncing_));
}

Result<std::unique_ptr<LogFile>> DiskLogDir::open(const std::string& name, std::uint64_t end) {
  auto file = File::open(path_of(name), O_RDWR);
  if (!file) return std::move(file).error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  if (end > size.value()) {
    return Error{ErrorCode::kInvalidArgument,
                 path_of(name) + ": ends before byte " + std::to_string(end)};
  }
  return std::unique_ptr<LogFile>(
      std::make_unique<DiskLogFile>(std::move(file).value(), end, syncing_));
}

void DiskLogDir::create_async(const std::string& name, std::uint64_t reserve, Created created) {
  auto result = std::make_shared<Result<std::shared_ptr<File>>>(std::shared_ptr<File>());
  preparing_.run([directory = path_, path = path_of(name), reserve, &kept = kept_,
                  result] { *result = create_file(directory, path, reserve, kept); },
                 [this, alive = std::weak_ptr<bool>(alive_), result, created = std::move(created)] {
                   if (alive.expired()) return;
                   if (!*result) return created(std::move(*result).error());
                   created(std::unique_ptr<LogFile>(
                       std::make_unique<DiskLogFile>(std::move(**result), 0, syncing_)));
                 });
}

Result<std::string> DiskLogDir::read_all(const std::string& name) {
  auto file = File::open(path_of(name), O_RDONLY);
  if (!file) return std::move(file).error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  return (*file)->read_at(0, size.value());
}

Result<std::string> DiskLogDir::read(const std::string& name, std::uint64_t offset,
                                     std::size_t size) {
  auto file = File::open(path_of(name), O_RDONLY);
  if (!file) return std::move(file).error();
  return (*file)->read_at(offset, size);
}

Result<void> DiskLogDir::sync(const std::string& name) {
  auto file = File::open(path_of(name), O_RDWR);
  if (!file) return std::move(file).error();
  return (*file)->sync_data();
}

Result<void> DiskLogDir::remove(const std::string& name) {
  Result<void> removed = remove_file(path_of(name));
  return removed ? sync_directory(path_) : removed;
}

void DiskLogDir::remove_async(const std::string& name) {
  preparing_.run(
      [directory = path_, path = path_of(name)] {
        if (remove_file(path)) static_cast<void>(sync_directory(directory));
      },
      [] {});
}

Result<void> DiskLogDir::rename(const std::string& from, const std::string& to) {
  Result<void> renamed = rename_file(path_of(from), path_of(to));
  return renamed ? sync_directory(path_) : renamed;
}

Result<std::unique_ptr<ScratchFile>> DiskLogDir::scratch() { return open_scratch_file(path_); }

Result<void> DiskLogDir::replace(const std::string& name, std::string_view content) {
  const std::string path = path_of(name);
  const std::string fresh = path + std::string(kReplacingSuffix);
  auto file = File::open(fresh, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return std::move(file).error();
  Result<void> done = (*file)->write_at(0, {std::string(content)});
  if (done) done = (*file)->sync();
  if (done) done = rename_file(fresh, path);
  if (done) return sync_directory(path_);
  static_cast<void>(remove_file(fresh));  // the first error is the one to tell
  return done;
}

}  // namespace convoke
