// Copies the calls that keep an old segment alive to the journal's end, so that it can be reused.
//
// Only the oldest segment can be given up, so one straggler would keep all that came after it.
// Worth it only where most of the journal is dead: each byte copied then wins back several. Works
// in small steps, between turns. Shard thread only.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/edge/timer_wheel.h"
#include "queue/journal/index.h"
#include "queue/journal/writer.h"

namespace convoke::journal {

class Compaction {
 public:
  Compaction(Index& index, Writer& writer, std::uint64_t segment_bytes, TimerWheel& wheel,
             std::function<void(std::string_view)> alarm);

  void on_progress();                  // the writer's: begins or goes on, if it is worth it
  void on_copied(const Write& write);  // the writer's answer to a copy

 private:
  [[nodiscard]] bool worth_it() const;
  void step();
  void step_through_memory(const Segment& oldest);
  void step_through_spilled(Segment& oldest);
  void read(const CallId& id, const Location& from);
  void on_read(const CallId& id, const Location& from, const Result<std::string>& bytes);
  void copy(const CallNote& call, const AcceptedRecord& found);
  void stop() { segment_ = 0; }

  Index& index_;
  Writer& writer_;
  std::uint64_t segment_bytes_;
  TimerWheel& wheel_;
  std::function<void(std::string_view)> alarm_;
  std::uint64_t segment_ = 0;  // sequence of the one being emptied; 0: none
  Slot cursor_ = 0;            // what is in memory up to here has been looked through
  std::size_t under_way_ = 0;  // reads and copies
  bool gave_up_ = false;       // what cannot be read must not be given up
  Timer next_step_ = timer_for<&Compaction::step>(this);
};

}  // namespace convoke::journal
