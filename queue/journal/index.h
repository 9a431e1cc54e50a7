// What a shard has accepted and not settled: where each call stands, and in which order.
//
// Calls that wait are in memory up to a number, the others spilled (spill.h); a call that is being
// accepted or is claimed is always in memory. Of one function's ready calls those in memory come
// before those spilled, and there is one in memory as long as there is any. An entry is about 200
// bytes besides its event; events beyond a budget are left in the journal (the store reads them
// again). Order keys: see OrderKeys. Owner thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "queue/journal/call_note.h"
#include "queue/journal/spill.h"
#include "queue/journal/writer.h"
#include "queue/queue.h"

namespace convoke::journal {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = ~Slot{0};

// Numbers that grow with every use and, as far as the wall clock allows, with time: the calls of
// several journals merge by them, to within the clock, and each journal's order holds exactly.
class OrderKeys {
 public:
  static std::uint64_t at(WallTime time);
  std::uint64_t next(WallTime now);
  void seen(std::uint64_t key);

 private:
  std::uint64_t last_ = 0;
};

struct Body {
  std::string qualifier;
  std::string name;
  std::string event;
  std::unique_ptr<const Lineage> lineage;  // null: none
  [[nodiscard]] std::size_t bytes() const {
    return qualifier.size() + name.size() + event.size() + (lineage ? sizeof(Lineage) : 0);
  }
};

enum class Stand : std::uint8_t {
  kFree,       // no call here
  kAccepting,  // its record is not durable yet: not counted, not found
  kReady,
  kDelayed,
  kClaimed,
  kEnding,  // claimed, and its settle or postpone is under way
};

struct FunctionLine;

struct Entry {
  CallId id;
  FunctionLine* line = nullptr;
  Writer* writer = nullptr;
  Location location;
  std::uint64_t order = 0;  // key of the place among the ready
  WallTime accepted{};
  WallTime due{};              // of the attempt to come
  WallTime first_due{};        // as accepted: the call's age counts from here
  WallTime until{};            // while it is delayed
  std::unique_ptr<Body> body;  // null: only in the journal
  Slot previous = kNoSlot;     // among the function's ready calls
  Slot next = kNoSlot;
  std::uint32_t function_errors = 0;
  std::uint32_t retries = 0;
  std::uint32_t attempt = 0;  // claims in this incarnation
  Stand stand = Stand::kFree;
  bool maybe_repeated = false;
  bool finishing = false;  // its finish has its place in the journal
};

// How much of what waits is held in memory.
struct IndexLimits {
  std::uint64_t event_bytes = 64UL << 20;
  std::uint64_t ready_per_function = 4096;
  std::uint64_t calls = 1UL << 18;  // beyond it a function has a 64th of the above
  std::uint64_t delayed = 1UL << 16;
};

// One function's calls. Kept for its counters once it has had a call.
struct FunctionLine {
  FunctionId id;
  Slot first = kNoSlot;
  Slot last = kNoSlot;
  std::uint64_t ready_in_memory = 0;
  QueueCounts counts;
  std::uint64_t depth = 0;  // unsettled, with those being accepted
  std::unordered_map<std::string, Slot> names;
  std::unordered_set<std::uint64_t> spilled_names;  // their hashes
};

class Index {
 public:
  Index(const IndexLimits& limits, ScratchSpace scratch)
      : limits_(limits), spill_(std::move(scratch)) {}

  void add_writer(Writer& writer) { writers_.push_back(&writer); }  // of calls that will be here

  [[nodiscard]] Entry& at(Slot slot) { return entries_[slot]; }
  [[nodiscard]] const Entry& at(Slot slot) const { return entries_[slot]; }
  [[nodiscard]] std::size_t slots() const { return entries_.size(); }
  [[nodiscard]] Slot find(const CallId& id) const;  // kNoSlot: it is not in memory
  [[nodiscard]] CallNote note_of(Slot slot) const;
  // In memory or spilled; nullopt: there is none, or its finish has its place.
  [[nodiscard]] std::optional<CallNote> note_of(const CallId& id) const;
  // As CallPosition::ahead.
  [[nodiscard]] std::optional<std::uint64_t> ahead_of(FunctionId function, const CallId& id) const;
  [[nodiscard]] FunctionLine& line(FunctionId function);
  [[nodiscard]] const FunctionLine* find_line(FunctionId function) const;
  [[nodiscard]] const QueueCounts& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t depth() const { return depth_; }
  [[nodiscard]] bool name_taken(FunctionId function, const std::string& name) const;
  [[nodiscard]] std::string_view name_of(Slot slot) const;  // empty: it has none

  // A call whose record is not durable yet. Its id and name are not in use.
  Slot add(const CallId& id, FunctionId function, const std::string& name);
  Slot adopt(const CallNote& note);  // one that a start has found: accepted, for the rest as add()
  void accepted(Slot slot);  // durable: counted from here on; follow with ready() or delay()
  void remove(Slot slot);    // settled (was kEnding), or never accepted (was kAccepting)

  enum class Was : std::uint8_t { kFirst, kOneMore };
  Was ready(Slot slot);                                 // at its order key's place, perhaps spilled
  void delay(Slot slot, WallTime until, WallTime now);  // perhaps spilled
  [[nodiscard]] std::optional<WallTime> next_due() const;
  [[nodiscard]] Slot take_due(WallTime now);  // no longer delayed: follow with ready()
  Slot claim_first(FunctionLine& line);       // now kClaimed; kNoSlot: none ready
  [[nodiscard]] bool waits(Slot slot) const;  // ready or delayed
  void withdraw(Slot slot);                   // it waits; now kEnding
  Slot withdraw_spilled(const CallId& id);    // the same; kNoSlot: it is not spilled
  void ending(Slot slot);
  void claimed_again(Slot slot);  // what was under way failed

  // Those spilled whose accepted record stands in that segment: at most `max`.
  [[nodiscard]] std::vector<CallNote> spilled_in(const Writer& writer, const Segment& segment,
                                                 std::size_t max) const;
  [[nodiscard]] bool move_spilled(const CallId& id, const Location& to);  // false: it is not
  // Set: what was spilled is out of reach until the next start.
  [[nodiscard]] const std::optional<Error>& failure() const { return spill_.failure(); }

  // Keeps the event in memory if the budget allows.
  void keep_body(Slot slot, std::unique_ptr<Body> body);
  [[nodiscard]] std::unique_ptr<Body> take_body(Slot slot);

 private:
  Slot take_slot();
  void give_slot(Slot slot);
  void take_name(Slot slot, const std::string& name);
  void link(Slot slot);
  void unlink(Slot slot);
  void refill(FunctionLine& line);
  void let_due_in(WallTime now);
  [[nodiscard]] bool must_spill(const Entry& entry) const;
  CallNote put_away(Slot slot);  // out of memory, in all other respects as it was
  Slot take_back(const CallNote& note, Stand stand);
  void leave(Entry& entry);
  void enter(Entry& entry, Stand stand);

  std::deque<Entry> entries_;  // addresses stay
  std::vector<Slot> free_;
  std::unordered_map<CallId, Slot> by_id_;
  std::unordered_map<FunctionId, FunctionLine> lines_;          // addresses stay
  std::unordered_map<Slot, const std::string*> names_by_slot_;  // keys of FunctionLine::names
  std::set<std::pair<WallTime, Slot>> delayed_;
  std::vector<Writer*> writers_;
  QueueCounts counts_;
  std::uint64_t depth_ = 0;
  IndexLimits limits_;
  std::uint64_t event_bytes_ = 0;
  Spill spill_;
};

}  // namespace convoke::journal
