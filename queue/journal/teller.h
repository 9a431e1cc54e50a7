// One journal's telling to the history: what has become durable and was not told yet, and what was
// told and not taken in. Keeps the segments that would be needed to tell it again.
//
// Shard thread only. The writer and the sink outlive it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "queue/history/sink.h"
#include "queue/journal/writer.h"

namespace convoke::journal {

class Teller {
 public:
  Teller(Writer& writer, history::Sink& sink) : writer_(writer), sink_(sink) {}

  // What recovery found that the history had not taken in.
  void restore(const history::Mark& taken, std::vector<history::Fact> facts,
               const history::Mark& upto);
  void add(std::vector<history::Fact> facts, const Location& location);  // of a durable record
  void add_volatile(history::Fact fact) { pending_.push_back(std::move(fact)); }
  void flush();  // tells what there is
  void on_taken(const history::Mark& upto);

 private:
  struct Untaken {
    history::Mark upto;
    std::uint64_t from_segment = 0;
  };
  void keep_segments();

  Writer& writer_;
  history::Sink& sink_;
  std::vector<history::Fact> pending_;
  history::Mark upto_;                         // of what is pending, or was told last
  std::optional<std::uint64_t> pending_from_;  // the segment of the first pending fact
  std::deque<Untaken> untaken_;
};

}  // namespace convoke::journal
