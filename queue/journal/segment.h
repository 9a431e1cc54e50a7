// A journal's segment files: prepared ahead of time, reused in place, given back when too many.
//
// Shard thread only. Preallocating happens off the loop; how many spares are wanted is the writer's
// decision (it knows what it must be able to write). A file that cannot be created makes the pool
// `full`; it tries again by itself every kCreateRetry until it succeeds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/log_file.h"
#include "core/edge/timer_wheel.h"

namespace convoke::journal {

inline constexpr Seconds kCreateRetry{1};
// Spares beyond those wanted that are kept for the next burst; the rest is given back to the disk.
inline constexpr std::size_t kSparesKept = 2;

struct SegmentFile {
  std::string name;
  std::unique_ptr<LogFile> file;
  bool whole = true;  // as long as a segment is to be; if not, it is not used again
};

// "00000042.segment": the number tells files apart and says nothing about their order.
[[nodiscard]] std::string segment_name(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> segment_number(const std::string& name);

// One life of a file: a stretch of the journal, from its header to `end`.
struct Segment {
  SegmentFile file;
  std::uint64_t sequence = 0;
  std::uint64_t salt = 0;
  std::uint32_t capacity = 0;    // bytes
  std::uint32_t end = 0;         // bytes appended
  std::uint32_t live_calls = 0;  // unsettled calls whose accepted record stands here
  std::uint64_t live_bytes = 0;  // of those records
  std::uint32_t reads = 0;       // under way: the file keeps this life until they are answered
};

class SegmentPool {
 public:
  struct Hooks {
    std::function<void()> changed;  // a spare more, or full() has changed; in a turn of its own
    std::function<void(std::string_view)> alarm;
  };

  SegmentPool(LogDir& dir, std::uint64_t segment_bytes, std::uint64_t first_number,
              const Clock& clock, TimerWheel& wheel, Hooks hooks);

  // Creates files, one at a time, until there are that many spares.
  void want(std::size_t spares);
  [[nodiscard]] std::size_t size() const { return spares_.size(); }
  [[nodiscard]] SegmentFile take();  // size() > 0; rewound
  void give(SegmentFile file);       // nothing in it matters, durably
  // Why the last attempt to create a file failed; nullopt: it did not.
  [[nodiscard]] const std::optional<Error>& full() const { return full_; }

 private:
  void create_next();
  void try_again();
  void on_created(std::string name, Result<std::unique_ptr<LogFile>> file);

  LogDir& dir_;
  std::uint64_t segment_bytes_;
  std::uint64_t next_number_;
  const Clock& clock_;
  TimerWheel& wheel_;
  Hooks hooks_;
  std::vector<SegmentFile> spares_;
  std::size_t wanted_ = 0;
  bool creating_ = false;
  std::optional<Error> full_;
  Timer retry_ = timer_for<&SegmentPool::try_again>(this);
};

}  // namespace convoke::journal
