// One journal's writer: places records in segments, makes them durable in groups, and keeps room.
//
// Group commit: what is written while one sync is under way goes with the next, which starts when
// that one ends. A segment is durable to its end before the next one's first byte is written. Each
// write is answered once, in order, by on_written or, once, after a failed sync, by on_failed: then
// the writer is poisoned and takes nothing more.
//
// Room (a full disk must never hold up a settle): an accept is placed only if, with it, the finish
// and one postpone of every unsettled call still fit in files that exist already, and the oldest
// segment's survivors could be copied out of it; a postpone, if every finish still fits. What finds
// no room waits for a spare segment; accepts are refused instead while none can be created. What a
// finish or postpone says for the history alone is left out then, where it would take reserved
// room.
//
// Trimming: only the oldest segments are given up, and only after a record that says so is durable.
// So nothing that a dead segment holds can come back to life while the records that ended it have
// been overwritten. Segments that the history has not taken in yet are kept, too (keep_from).
//
// Shard thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/history/facts.h"
#include "queue/journal/recovery.h"
#include "queue/journal/segment.h"
#include "queue/queue.h"

namespace convoke::journal {

class Writer;

// Where a call's accepted record stands.
struct Location {
  Segment* segment = nullptr;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

enum class Purpose : std::uint8_t { kAccept, kPostpone, kFinish, kCopy, kTrim };

// One record on its way, and whom to tell. The writer looks at purpose and record only.
struct Write {
  Purpose purpose{};
  std::string record;  // encoded, not sealed; empty once it is placed
  // Of a finish or a postpone: the same without what only the history wants, written where `record`
  // would take room that is kept for others and there will be no more. Empty: it is decided.
  std::string short_record;
  std::uint32_t slot = 0;  // of the call
  CallId id;
  Location location;             // once it is placed
  std::uint64_t first_live = 0;  // of kTrim
  Queue::Accepted accepted;
  Queue::Settled settled;
  AttemptRecord attempt;             // of kPostpone: what holds once it is placed
  std::vector<history::Fact> facts;  // told once it is durable
};

class WriterClient {
 public:
  virtual ~WriterClient() = default;
  // The record has its place in the journal's order; from inside write() or from a later turn.
  virtual void on_placed(const Write& write) = 0;
  virtual void on_written(Writer& writer, Write write) = 0;
  virtual void on_refused(Write write, const Error& why) = 0;  // an accept; nothing was written
  virtual void on_failed(Write write, const Error& why) = 0;
  virtual void on_poisoned(const Error& why) = 0;  // after the on_failed of all
  virtual void on_progress(Writer& writer) = 0;    // after a group, or when there may be more room
};

class Writer {
 public:
  struct Place {
    std::uint32_t journal = 0;
    std::uint32_t incarnation = 0;
    std::uint64_t segment_bytes = 0;
    std::uint64_t secret = 0;  // for salts
    bool takes_new_calls = false;
    Duration ends_wait_max{};  // see submit()
  };

  // `recovered`'s segments become this writer's; its calls are the client's to hold().
  Writer(const Place& place, LogDir& dir, Recovered& recovered, const Clock& clock,
         TimerWheel& wheel, WriterClient& client, std::function<void(std::string_view)> alarm);

  void write(Write write);
  [[nodiscard]] bool has_room(Purpose purpose, std::size_t bytes) const;
  // Sends what was written to the disk, once the group before it is there. A group of
  // nothing but ends of calls without a history waits up to ends_wait_max for others to share its
  // sync: a caller that asks again at once would wait for the end of its call before that.
  void submit();

  // A call's accepted record stands at `location`, or no longer matters there.
  void hold(const Location& location);
  void release(const Location& location);
  // Segments from this one on are kept, dead or not: the history has not taken them in yet.
  // nullopt: none is.
  void keep_from(std::optional<std::uint64_t> sequence) { kept_from_ = sequence; }
  [[nodiscard]] Segment* segment(std::uint64_t sequence);
  // Once all recovered calls are held: how many there are. From here on it may write.
  void begin(std::uint64_t unsettled);

  [[nodiscard]] std::uint32_t journal() const { return place_.journal; }
  [[nodiscard]] std::uint64_t unsettled() const { return calls_; }
  [[nodiscard]] const std::optional<Error>& poisoned() const { return poisoned_; }
  [[nodiscard]] const std::optional<Error>& full() const { return pool_.full(); }
  [[nodiscard]] const std::deque<std::unique_ptr<Segment>>& segments() const { return segments_; }
  [[nodiscard]] std::uint64_t live_bytes() const { return live_bytes_; }
  [[nodiscard]] std::size_t usable_bytes() const;  // of a segment, for records
  [[nodiscard]] bool at_rest() const {
    return batches_.empty() && waiting_long_.empty() && waiting_settles_.empty();
  }

 private:
  struct Batch {
    Segment* segment = nullptr;
    std::uint32_t durable = 0;  // of the segment, before this batch is written
    std::vector<Write> writes;
    bool waited_for = false;  // not only ends of calls without a history
  };

  void write_decided(Write write);
  void place(Write write);
  void roll();
  Batch& open_batch();
  void on_spares_changed();
  void place_waiting();
  void want_spares(std::size_t next_record);
  [[nodiscard]] bool decide_length(Write& write) const;
  [[nodiscard]] std::uint64_t keep_for(Purpose purpose) const;
  [[nodiscard]] std::uint64_t oldest_live_bytes() const;
  [[nodiscard]] std::size_t left_in_active() const;
  [[nodiscard]] bool may_wait() const;
  void start_sync();
  void on_synced(const Result<void>& synced);
  void poison(const Error& why);
  [[nodiscard]] bool retire_oldest();
  void write_trim();
  void recycle_before(std::uint64_t first_live);

  Place place_;
  const Clock& clock_;
  TimerWheel& wheel_;
  WriterClient& client_;
  std::function<void(std::string_view)> alarm_;
  SegmentPool pool_;
  std::deque<std::unique_ptr<Segment>> segments_;  // oldest first; the last one is written to
  std::vector<std::unique_ptr<Segment>> retired_;  // dead, until the record that says so is durable
  std::uint64_t next_sequence_ = 1;
  // Of the last segment, when that is not all of it: it was just begun, or recovered.
  std::optional<std::uint32_t> durable_;
  // Segments that recovery found trimmed: as soon as all that it has read is durable.
  std::optional<std::uint64_t> trimmed_before_;
  std::optional<std::uint64_t> kept_from_;
  std::deque<Batch> batches_;          // the first is being synced if syncing_
  std::deque<Write> waiting_long_;     // for a file that is being made, or that none can be
  std::deque<Write> waiting_settles_;  // for room
  std::deque<Write> waiting_accepts_;
  bool syncing_ = false;
  std::uint64_t calls_ = 0;  // accepted and not settled, by what has been placed
  std::uint64_t live_bytes_ = 0;
  std::optional<Error> poisoned_;
  Timer ends_timer_ = timer_for<&Writer::start_sync>(this);
};

}  // namespace convoke::journal
