// The LogSink that keeps what functions write: gathers a turn's lines, hands them to a thread that
// writes them to LogFiles.
//
// Line on disk: "2026-11-24T03:20:24.123Z INSTANCE CALL text", CALL is "-" for the instance itself.
//
// Memory is bounded: while the disk is slow, at most pending_bytes_max wait, and what comes beyond
// is dropped and counted; a line in the function's log says how many were lost. Nothing here ever
// holds up a function.
//
// One per shard, on its thread. The files are shared by all shards; they and the IoThread outlive
// this. Lines still waiting when it is destroyed are written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/edge/io_thread.h"
#include "workers/log_files.h"
#include "workers/log_sink.h"

namespace convoke {

inline constexpr std::size_t kLogPendingBytesMax = 4UL << 20;  // per shard
inline constexpr Millis kLogTrimEvery = std::chrono::hours{1};

class FunctionLog final : public LogSink {
 public:
  FunctionLog(LogFiles& files, IoThread& thread,
              std::size_t pending_bytes_max = kLogPendingBytesMax);
  ~FunctionLog() override;
  FunctionLog(const FunctionLog&) = delete;
  FunctionLog& operator=(const FunctionLog&) = delete;

  void write(const LogLine& line) override;
  // Sends this turn's lines to the disk. The shard calls it once at the end of every turn; `now`
  // decides when old logs are looked for.
  void submit(WallTime now);

  [[nodiscard]] std::uint64_t lines_lost() const { return lines_lost_; }

 private:
  struct Lines {
    std::string text;
    WallTime last{};
    std::uint64_t count = 0;
    std::uint64_t lost = 0;  // since the last batch: said in the next
  };
  using Batch = std::unordered_map<FunctionId, Lines>;
  struct Work;

  void on_written(const Work& work);
  static void run(LogFiles& files, Work& work);

  LogFiles& files_;
  IoThread& thread_;
  const std::size_t pending_bytes_max_;
  Batch batch_;
  std::size_t pending_bytes_ = 0;  // in batch_ and under way
  bool under_way_ = false;
  std::uint64_t lines_lost_ = 0;
  WallTime trim_due_{};
  std::shared_ptr<FunctionLog*> self_;  // emptied on destruction: late completions find nobody
};

[[nodiscard]] std::string format_log_line(const LogLine& line);

}  // namespace convoke
