// SQLite's own way to files, with a fault: the n-th write or sync from now fails, and all after it.
//
// While one lives it is SQLite's default; databases opened meanwhile go before it does.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

namespace convoke::history {

class FaultyDisk {
 public:
  FaultyDisk() : vfs_(*real()) {
    self() = this;
    vfs_.zName = "faulty";
    vfs_.pNext = nullptr;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real()->szOsFile;
    vfs_.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
      return open(name, file, flags, out);
    };
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FaultyDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real(), 1);
  }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  void fail_from(std::uint64_t step, int code) {
    left_ = step;
    code_ = code;
    failed_ = false;
  }
  void heal() { left_ = kNeverFails; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  static constexpr std::uint64_t kNeverFails = std::numeric_limits<std::uint64_t>::max();
  struct File {
    sqlite3_file base;
    [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  // Found once, before any of this kind is the default.
  static sqlite3_vfs* real() {
    static sqlite3_vfs* const found = sqlite3_vfs_find("unix");
    return found;
  }
  static FaultyDisk*& self() {
    static FaultyDisk* current = nullptr;
    return current;
  }
  static sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }
  static const sqlite3_io_methods* calls(sqlite3_file* file) { return real(file)->pMethods; }

  static int open(const char* name, sqlite3_file* file, int flags, int* out) {
    File* made = new (file) File{};
    const int opened =
        FaultyDisk::real()->xOpen(FaultyDisk::real(), name, made->real(), flags, out);
    made->base.pMethods = made->real()->pMethods == nullptr ? nullptr : methods();
    return opened;
  }

  int step() {
    if (left_ == kNeverFails) return SQLITE_OK;
    if (left_ > 0) {
      --left_;
      return SQLITE_OK;
    }
    failed_ = true;
    return code_;
  }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods kMethods = made();
    return &kMethods;
  }

  static sqlite3_io_methods made() {
    sqlite3_io_methods m{};
    m.iVersion = 2;
    m.xClose = [](sqlite3_file* f) { return calls(f)->xClose(real(f)); };
    m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
      return calls(f)->xRead(real(f), to, n, at);
    };
    m.xWrite = [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
      const int failed = self()->step();
      return failed != SQLITE_OK ? failed : calls(f)->xWrite(real(f), from, n, at);
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 n) { return calls(f)->xTruncate(real(f), n); };
    m.xSync = [](sqlite3_file* f, int flags) {
      const int failed = self()->step();
      return failed != SQLITE_OK ? failed : calls(f)->xSync(real(f), flags);
    };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) { return calls(f)->xFileSize(real(f), n); };
    m.xLock = [](sqlite3_file* f, int how) { return calls(f)->xLock(real(f), how); };
    m.xUnlock = [](sqlite3_file* f, int how) { return calls(f)->xUnlock(real(f), how); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* is) {
      return calls(f)->xCheckReservedLock(real(f), is);
    };
    m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
      return calls(f)->xFileControl(real(f), op, arg);
    };
    m.xSectorSize = [](sqlite3_file* f) { return calls(f)->xSectorSize(real(f)); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) {
      return calls(f)->xDeviceCharacteristics(real(f));
    };
    m.xShmMap = [](sqlite3_file* f, int page, int n, int extend, void volatile** to) {
      return calls(f)->xShmMap(real(f), page, n, extend, to);
    };
    m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
      return calls(f)->xShmLock(real(f), offset, n, flags);
    };
    m.xShmBarrier = [](sqlite3_file* f) { calls(f)->xShmBarrier(real(f)); };
    m.xShmUnmap = [](sqlite3_file* f, int remove) { return calls(f)->xShmUnmap(real(f), remove); };
    return m;
  }

  sqlite3_vfs vfs_;
  std::uint64_t left_ = kNeverFails;
  int code_ = SQLITE_OK;
  bool failed_ = false;
};

}  // namespace convoke::history
