// Append-only files that can be made durable, for the journal.
//
// Threads: a LogFile belongs to one shard; append and sync return at once, the disk is touched by
// the shard's I/O thread, and completions run on the shard's thread in a later turn. LogDir's own
// calls block and are for start-up, tests and the I/O thread, unless they say otherwise.
//
// A failed write or fdatasync is final: the kernel may have dropped the dirty pages, so a retry
// could report success for bytes that are gone. Whoever sees the error stops using the file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/edge/scratch_file.h"
#include "core/model/error.h"

namespace convoke {

class LogFile {
 public:
  using Synced = std::function<void(Result<void>)>;
  using Read = std::function<void(Result<std::string>)>;

  virtual ~LogFile() = default;  // completions still under way are dropped; the file stays
  virtual void append(std::string bytes) = 0;  // buffered here, at the end of what came before
  // Writes all that was appended so far and makes it durable (fdatasync). One at a time: calling it
  // while one is under way is a bug of the caller. Appends go on meanwhile, for the next sync.
  virtual void sync(Synced done) = 0;
  // Bytes already made durable or at least written; off the shard's thread.
  virtual void read(std::uint64_t offset, std::size_t size, Read done) = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;  // bytes appended, synced or not
  // The file's next life: what is appended from here on is written from offset 0, over the bytes
  // that are there (the preallocated size stays; size() is 0). Only when nothing is unsynced and no
  // sync is under way. Reads still under way may return bytes of either life.
  virtual void rewind() = 0;
};

class LogDir {
 public:
  using Created = std::function<void(Result<std::unique_ptr<LogFile>>)>;

  virtual ~LogDir() = default;
  [[nodiscard]] virtual Result<std::vector<std::string>> list() = 0;  // names, sorted
  // A new file with `reserve` bytes preallocated (zeros); the directory entry is durable when this
  // returns. Fails if it exists or there is no room, some of which is kept for others on the disk.
  [[nodiscard]] virtual Result<std::unique_ptr<LogFile>> create(const std::string& name,
                                                                std::uint64_t reserve) = 0;
  // An existing file, for reading and for appending at `end`: what lies beyond is overwritten.
  [[nodiscard]] virtual Result<std::unique_ptr<LogFile>> open(const std::string& name,
                                                              std::uint64_t end) = 0;
  // create() off the shard's thread; `created` runs on it, in a later turn, and is dropped if the
  // LogDir is destroyed first. Preallocating takes long: it must not hold up a sync by all of that.
  virtual void create_async(const std::string& name, std::uint64_t reserve, Created created) = 0;
  [[nodiscard]] virtual Result<std::string> read_all(const std::string& name) = 0;
  // At most `size` bytes from `offset`; fewer only where the file ends.
  [[nodiscard]] virtual Result<std::string> read(const std::string& name, std::uint64_t offset,
                                                 std::size_t size) = 0;
  // Whatever was written to it, by an earlier life of the engine too, is durable on return.
  [[nodiscard]] virtual Result<void> sync(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> remove(const std::string& name) = 0;  // durable on return
  // remove() off the shard's thread. Best effort: what is left is found by list() at next start.
  virtual void remove_async(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // On the same disk; list() does not show it.
  [[nodiscard]] virtual Result<std::unique_ptr<ScratchFile>> scratch() = 0;
  // A small file whose content is replaced whole (write new, fsync, rename, fsync directory).
  [[nodiscard]] virtual Result<void> replace(const std::string& name, std::string_view content) = 0;
};

}  // namespace convoke
