// The calls that a journal's records, taken one after the other, leave without a finish.
//
// In memory up to a number. Beyond it what the records say is put down in scratch space, dealt out
// by id into shares that are then settled one after the other: so memory holds a 64th of a long
// backlog.
//
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "queue/history/facts.h"
#include "queue/journal/blocks.h"
#include "queue/journal/call_note.h"
#include "queue/journal/format.h"
#include "queue/journal/shelf.h"

namespace convoke::journal {

class Unfinished {
 public:
  Unfinished(ScratchSpace scratch, std::uint64_t in_memory_max);
  ~Unfinished();

  void accepted(CallNote call);  // known already: this is a copy, and newer
  void attempt(const AttemptRecord& attempt);
  // `tell`: the history has not heard of it. Where the record itself does not say enough, for want
  // of room, the history hears at least that the call has ended.
  enum class Tell : std::uint8_t { kNo, kYes };
  void finished(const FinishedRecord& finished, Tell tell);

  // After the last record: puts in order those that are left; what fell due before `now` joined
  // the ready then.
  void settle(WallTime now);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::vector<history::Fact> take_facts() { return std::move(facts_); }
  [[nodiscard]] const CallNote* peek() const;  // the first one left; null: there is none
  CallNote take();
  // Set: scratch space could not be read back, and calls are missing.
  [[nodiscard]] const std::optional<Error>& failure() const { return blocks_.failure(); }

 private:
  using Calls = std::unordered_map<CallId, CallNote>;
  // Calls in order, a block of them in memory.
  struct Run {
    std::unique_ptr<Shelf> rest;  // null: there is no more
    std::vector<CallNote> next;
    std::size_t at = 0;
  };

  void take_in(CallNote note);
  void apply(CallNote note);
  void deal_out();
  void add_run();
  [[nodiscard]] std::vector<CallNote> sorted();
  void advance(std::size_t run);
  [[nodiscard]] bool later(std::size_t a, std::size_t b) const;

  Blocks blocks_;
  std::uint64_t in_memory_max_;
  Calls calls_;
  std::vector<std::unique_ptr<Shelf>> shares_;  // empty: all is in memory
  std::vector<history::Fact> facts_;
  WallTime now_{};
  std::vector<Run> runs_;
  std::vector<std::size_t> heap_;  // of runs that have a call left
  std::uint64_t size_ = 0;
};

}  // namespace convoke::journal
