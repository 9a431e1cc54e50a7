// The logs of functions on disk: DIR/FUNCTION_ID/FIRST_MS.log, text, oldest segments out.
//
// Each function has at most bytes_max in segments of segment_bytes_max; a segment whose lines are
// all older than age_max goes. A segment is named by the wall time of its first line, so that the
// name of the next one says when it ended. A line torn by a crash is the last of its segment.
//
// Blocking; runs on an IoThread. Threads: one LogFiles for all shards of an engine, a mutex inside.
// Opens a file for each append: nothing is held open between them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"
#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

struct LogFilesOptions {
  std::string directory;
  std::uint64_t bytes_max = 64UL << 20;         // per function
  std::uint64_t segment_bytes_max = 4UL << 20;  // what goes at once
  Millis segment_age_max = std::chrono::hours{24};
  Millis age_max = std::chrono::hours{24 * 7};
  std::uint64_t free_bytes_min = 1UL << 30;  // on the file system: the journal's reserve
};

inline constexpr std::size_t kTailLinesMax = 10'000;
inline constexpr std::size_t kTailBytesMax = 8UL << 20;

class LogFiles {
 public:
  using FreeBytes = std::function<std::uint64_t(const std::string& directory)>;

  explicit LogFiles(LogFilesOptions options);
  LogFiles(LogFilesOptions options, FreeBytes free_bytes);  // for tests of a full disk
  LogFiles(const LogFiles&) = delete;
  LogFiles& operator=(const LogFiles&) = delete;

  // `lines`: whole lines, each with "\n". Refused when the disk is short of room: what is asked of
  // it first is to hold the journal.
  [[nodiscard]] Result<void> append(FunctionId function, WallTime at, std::string_view lines);
  // The last lines, oldest first: at most lines_max, kTailLinesMax and kTailBytesMax of them.
  [[nodiscard]] std::vector<std::string> read_tail(FunctionId function, std::size_t lines_max,
                                                   const std::optional<CallId>& call);
  void trim(WallTime now);           // of all functions, by age
  void remove(FunctionId function);  // it has been deleted

 private:
  struct Segment {
    std::int64_t first_ms = 0;
    std::uint64_t bytes = 0;
    bool torn = false;  // its last line has no end: nothing is appended any more
  };
  using Segments = std::vector<Segment>;  // oldest first

  [[nodiscard]] std::string directory_of(FunctionId function) const;
  [[nodiscard]] std::string path_of(FunctionId function, const Segment& segment) const;
  [[nodiscard]] Segments& segments_of(FunctionId function);
  [[nodiscard]] Segments scan(FunctionId function) const;
  [[nodiscard]] Segment& segment_for(FunctionId function, Segments& segments, WallTime at,
                                     std::size_t bytes) const;
  void drop_oldest(FunctionId function, Segments& segments, std::size_t count) const;
  void keep_within_bytes(FunctionId function, Segments& segments, std::size_t coming) const;
  void keep_within_age(FunctionId function, Segments& segments, WallTime now) const;

  const LogFilesOptions options_;
  const FreeBytes free_bytes_;
  std::mutex mutex_;
  std::map<FunctionId, Segments> known_;
};

}  // namespace convoke
