// Reads a journal back after whatever ended the last engine. Blocking; at start-up.
//
// The journal ends at the first record of its last segment that is not whole: a write that was
// under way. Damage is told from that: every record says how much of its segment was durable when
// it was written, so a record that is not whole before such a point (or before the end that the
// next segment's header gives) was acknowledged and has rotted. Then recovery refuses, naming file
// and offset, rather than lose calls in silence.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/log_file.h"
#include "queue/history/facts.h"
#include "queue/journal/format.h"
#include "queue/journal/segment.h"
#include "queue/journal/unfinished.h"

namespace convoke::journal {

struct Recovered {
  std::vector<std::unique_ptr<Segment>> segments;  // by sequence; the last goes on at its end
  std::uint32_t durable = 0;                       // what of the last one is known to be durable
  std::vector<std::unique_ptr<Segment>> trimmed;   // dead, by a record that may not be durable yet
  std::vector<SegmentFile> free;                   // never used, or torn while it was reused
  std::uint64_t next_number = 1;                   // for new segment files
  std::uint64_t last_sequence = 0;
  std::unique_ptr<Unfinished> calls;  // to be settled
  // What the history has not taken in: of the records from its mark on, up to `told_upto`.
  std::vector<history::Fact> facts;
  history::Mark told_upto;
};

// Fails when something was damaged, belongs to another journal or to a newer version.
// A file shorter than `segment_bytes` (set otherwise by then, or never finished) is not reused.
// `mark`: how far the history has come. `calls`: empty, to be filled.
[[nodiscard]] Result<Recovered> recover(LogDir& dir, std::uint32_t journal,
                                        std::uint64_t segment_bytes, const history::Mark& mark,
                                        std::unique_ptr<Unfinished> calls);

}  // namespace convoke::journal
