// A disk in memory that keeps only what was synced, and not even that without being told to.
//
// FakeDisk outlives the engines that run on it; FakeLogDir is one engine's view of it, as a
// LogDir. Whatever is asynchronous (sync, read, create, remove) waits until the test calls step():
// nothing completes by itself; or it goes to whoever asked for it by complete_by(), who runs it
// when he likes. crash() throws away what was not durable: of each unsynced write
// any part may be left, in any order, torn at any byte; and every view of it goes dead.
//
// Deterministic: all chance comes from the Rng that the test passes in. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/edge/log_file.h"
#include "core/edge/rng.h"

namespace convoke::fake {

// One file: what is durable, and what was written since.
struct FakeFile {
  struct Written {
    std::uint64_t offset = 0;
    std::string bytes;
  };
  std::string durable;
  std::vector<Written> unsynced;

  // As a reader sees it while the machine runs.
  [[nodiscard]] std::string content() const {
    std::string seen = durable;
    for (const Written& write : unsynced) put(seen, write.offset, write.bytes);
    return seen;
  }
  static void put(std::string& into, std::uint64_t offset, std::string_view bytes) {
    if (into.size() < offset + bytes.size()) into.resize(offset + bytes.size(), '\0');
    std::copy(bytes.begin(), bytes.end(), into.begin() + static_cast<std::ptrdiff_t>(offset));
  }
};

// What a crash leaves of the bytes that no sync has made durable.
enum class Unsynced : std::uint8_t {
  kLost,  // nothing
  kKept,  // all of it, still unsynced: the process died, the machine did not
  kTorn,  // each sector by chance, and one write in a few cut within a sector
};

class FakeDisk {
 public:
  static constexpr std::size_t kSectorBytes = 64;  // small, so that small records are torn too

  using Files = std::map<std::string, std::shared_ptr<FakeFile>>;

  // The directory of that name; made when first asked for.
  Files& files(const std::string& directory) { return directories_[directory]; }

  // From here on completions go there instead of waiting for step(), each with the directory that
  // it belongs to. Those of before a crash may still be run: they do nothing.
  using Completion = std::function<void()>;
  using CompleteBy = std::function<void(const std::string& directory, Completion)>;
  void complete_by(CompleteBy complete_by) { complete_by_ = std::move(complete_by); }

  // Runs the oldest completion that waits. False: there is none.
  bool step() {
    if (pending_.empty()) return false;
    auto next = std::move(pending_.front());
    pending_.pop_front();
    next();
    return true;
  }
  std::size_t settle() {
    std::size_t steps = 0;
    while (step()) ++steps;
    return steps;
  }
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

  void crash(Unsynced unsynced, Rng& rng) {
    ++life_;
    pending_.clear();
    fail_syncs_ = false;
    for (auto& [directory, files] : directories_) {
      for (auto& [name, file] : files) crash(*file, unsynced, rng);
    }
  }

  // Faults, until changed again.
  void fail_syncs() { fail_syncs_ = true; }
  // A disk that lies, which none should have to survive: syncs report success and do nothing.
  void lie_about_syncs() { lie_about_syncs_ = true; }
  void fail_reads(bool fail) { fail_reads_ = fail; }
  void fail_scratch(bool fail) { fail_scratch_ = fail; }         // reads of scratch files
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }  // of all files together

  [[nodiscard]] std::uint64_t used() const {
    std::uint64_t bytes = 0;
    for (const auto& [directory, files] : directories_) {
      for (const auto& [name, file] : files) bytes += file->durable.size();
    }
    return bytes;
  }
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }

 private:
  friend class FakeLogDir;
  friend class FakeLogFile;
  friend class FakeScratchFile;

  static void crash(FakeFile& file, Unsynced unsynced, Rng& rng) {
    if (unsynced == Unsynced::kKept) return;
    const bool torn = unsynced == Unsynced::kTorn;
    for (const FakeFile::Written& write : file.unsynced) {
      if (unsynced == Unsynced::kLost) break;
      for (std::size_t at = 0; at < write.bytes.size();) {
        const std::size_t sector_end = (write.offset + at) / kSectorBytes * kSectorBytes +
                                       kSectorBytes - static_cast<std::size_t>(write.offset);
        const std::size_t end = std::min(sector_end, write.bytes.size());
        std::size_t size = end - at;
        if (torn && rng.one_in(8)) size = rng.below(size + 1);
        if (!torn || !rng.one_in(3)) {
          FakeFile::put(file.durable, write.offset + at,
                        std::string_view(write.bytes).substr(at, size));
        }
        at = end;
      }
    }
    file.unsynced.clear();
  }

  // `life` and `alive` guard against engines and objects that are gone.
  void later(const std::string& directory, std::weak_ptr<void> alive, Completion what) {
    Completion guarded = [this, life = life_, alive = std::move(alive), what = std::move(what)] {
      if (life == life_ && !alive.expired()) what();
    };
    if (complete_by_) return complete_by_(directory, std::move(guarded));
    pending_.push_back(std::move(guarded));
  }

  std::map<std::string, Files> directories_;
  std::deque<Completion> pending_;
  CompleteBy complete_by_;
  std::uint64_t life_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t capacity_ = ~std::uint64_t{0};
  bool fail_syncs_ = false;
  bool lie_about_syncs_ = false;
  bool fail_reads_ = false;
  bool fail_scratch_ = false;
};

class FakeLogFile final : public LogFile {
 public:
  FakeLogFile(FakeDisk& disk, std::string directory, std::shared_ptr<FakeFile> file,
              std::uint64_t end)
      : disk_(disk),
        directory_(std::move(directory)),
        file_(std::move(file)),
        end_(end),
        size_(end) {}

  void append(std::string bytes) override {
    size_ += bytes.size();
    appended_ += bytes;
  }

  void sync(Synced done) override {
    ENSURE(!syncing_);
    syncing_ = true;
    ++disk_.syncs_;
    if (!appended_.empty()) file_->unsynced.push_back({end_, std::exchange(appended_, {})});
    end_ = size_;
    const std::size_t covered = file_->unsynced.size();
    disk_.later(directory_, alive_, [this, covered, done = std::move(done)] {
      syncing_ = false;
      if (disk_.fail_syncs_) {
        return done(
            Error{ErrorCode::kInternalServerError, "fdatasync: input/output error", std::nullopt});
      }
      if (disk_.lie_about_syncs_) return done({});
      for (std::size_t i = 0; i < covered; ++i) {
        FakeFile::put(file_->durable, file_->unsynced[i].offset, file_->unsynced[i].bytes);
      }
      file_->unsynced.erase(file_->unsynced.begin(),
                            file_->unsynced.begin() + static_cast<std::ptrdiff_t>(covered));
      done({});
    });
  }

  void read(std::uint64_t offset, std::size_t size, Read done) override {
    disk_.later(directory_, alive_, [this, offset, size, done = std::move(done)] {
      if (disk_.fail_reads_) {
        return done(
            Error{ErrorCode::kInternalServerError, "read: input/output error", std::nullopt});
      }
      const std::string content = file_->content();
      done(offset < content.size() ? content.substr(offset, size) : std::string());
    });
  }

  [[nodiscard]] std::uint64_t size() const override { return size_; }

  void rewind() override {
    ENSURE(!syncing_ && appended_.empty());
    end_ = size_ = 0;
  }

 private:
  FakeDisk& disk_;
  std::string directory_;
  std::shared_ptr<FakeFile> file_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::string appended_;
  std::uint64_t end_;   // of what was handed to the file
  std::uint64_t size_;  // and with what is buffered here
  bool syncing_ = false;
};

// Has no place in the directory, and none after a crash.
class FakeScratchFile final : public ScratchFile {
 public:
  explicit FakeScratchFile(FakeDisk& disk) : disk_(disk) {}

  Result<void> write(std::uint64_t offset, std::string_view bytes) override {
    if (disk_.used() > disk_.capacity_) {
      return Error{ErrorCode::kInternalServerError, "no space left on device", std::nullopt};
    }
    FakeFile::put(bytes_, static_cast<std::size_t>(offset), bytes);
    return {};
  }
  Result<std::string> read(std::uint64_t offset, std::size_t size) const override {
    if (disk_.fail_scratch_ || offset + size > bytes_.size()) {
      return Error{ErrorCode::kInternalServerError, "read: input/output error", std::nullopt};
    }
    return bytes_.substr(offset, size);
  }
  void announce(std::uint64_t /*offset*/, std::size_t /*size*/) override {}
  void clear() override { bytes_.clear(); }

 private:
  FakeDisk& disk_;
  std::string bytes_;
};

class FakeLogDir final : public LogDir {
 public:
  FakeLogDir(FakeDisk& disk, std::string directory)
      : disk_(disk), directory_(std::move(directory)) {}

  Result<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    for (const auto& [name, file] : files()) names.push_back(name);
    return names;
  }

  Result<std::unique_ptr<LogFile>> create(const std::string& name, std::uint64_t reserve) override {
    if (files().count(name) > 0) return failed("file exists: " + name);
    if (disk_.used() + reserve > disk_.capacity_) return failed("no space left on device");
    const auto file = std::make_shared<FakeFile>();
    file->durable.assign(static_cast<std::size_t>(reserve), '\0');
    files()[name] = file;
    return opened(file, 0);
  }

  Result<std::unique_ptr<LogFile>> open(const std::string& name, std::uint64_t end) override {
    const auto at = files().find(name);
    if (at == files().end()) return failed("no such file: " + name);
    return opened(at->second, end);
  }

  void create_async(const std::string& name, std::uint64_t reserve, Created created) override {
    disk_.later(directory_, alive_, [this, name, reserve, created = std::move(created)] {
      created(create(name, reserve));
    });
  }

  Result<std::string> read_all(const std::string& name) override {
    const auto at = files().find(name);
    if (at == files().end()) return failed("no such file: " + name);
    return at->second->content();
  }

  Result<std::string> read(const std::string& name, std::uint64_t offset,
                           std::size_t size) override {
    auto all = read_all(name);
    if (!all.ok()) return all;
    return offset < all->size() ? all->substr(offset, size) : std::string();
  }

  Result<void> remove(const std::string& name) override {
    files().erase(name);
    return {};
  }

  void remove_async(const std::string& name) override {
    disk_.later(directory_, alive_, [this, name] { files().erase(name); });
  }

  Result<void> sync(const std::string& name) override {
    const auto at = files().find(name);
    if (at == files().end()) return failed("no such file: " + name);
    if (disk_.fail_syncs_) return failed("fdatasync: input/output error");
    at->second->durable = at->second->content();
    at->second->unsynced.clear();
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    const auto at = files().find(from);
    if (at == files().end()) return failed("no such file: " + from);
    files()[to] = at->second;
    files().erase(from);
    return {};
  }

  Result<std::unique_ptr<ScratchFile>> scratch() override {
    return std::unique_ptr<ScratchFile>(std::make_unique<FakeScratchFile>(disk_));
  }

  Result<void> replace(const std::string& name, std::string_view content) override {
    const auto file = std::make_shared<FakeFile>();
    file->durable = std::string(content);
    files()[name] = file;  // some bytes always fit
    return {};
  }

 private:
  FakeDisk::Files& files() { return disk_.files(directory_); }
  static Error failed(std::string what) {
    return Error{ErrorCode::kInternalServerError, std::move(what), std::nullopt};
  }
  std::unique_ptr<LogFile> opened(std::shared_ptr<FakeFile> file, std::uint64_t end) {
    return std::make_unique<FakeLogFile>(disk_, directory_, std::move(file), end);
  }

  FakeDisk& disk_;
  std::string directory_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace convoke::fake
