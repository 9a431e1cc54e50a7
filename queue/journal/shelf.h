// Calls put down in an order of their own, to be taken up again in that order: first in, first out.
// In memory there is of each block what tells which calls may be in it, half a byte per call.
//
// A call is found by its id, whose first half grows with the time at which it was made
// (core/model/ids.h): few blocks can hold it where calls were put down as they came.
//
// Shard thread only. The blocks outlive it; once they have failed, what was in them is not found.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "queue/journal/blocks.h"
#include "queue/journal/call_note.h"

namespace convoke::journal {

class Shelf {
 public:
  explicit Shelf(Blocks& blocks) : blocks_(blocks) {}
  ~Shelf() { clear(); }
  Shelf(const Shelf&) = delete;
  Shelf& operator=(const Shelf&) = delete;

  // Where the disk has no room, its block stays in memory.
  void put(const CallNote& note);
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::uint64_t first_order() const;  // of the block taken next; not empty
  [[nodiscard]] std::vector<CallNote> take();       // the first ones, a block of them

  [[nodiscard]] std::optional<CallNote> find(const CallId& id) const;
  void remove(const CallId& id);  // one that find() found
  // How many are taken before that one; nullopt: it is not here.
  [[nodiscard]] std::optional<std::uint64_t> ahead_of(const CallId& id) const;
  // Its accepted record stands there now. False: it is not here.
  [[nodiscard]] bool move(const CallId& id, std::uint64_t segment, std::uint32_t offset);
  // Some of those whose accepted record stands in that segment, up to `max` in all in `found`.
  void find_in(std::uint32_t journal, std::uint64_t segment, std::size_t max,
               std::vector<CallNote>& found) const;

 private:
  struct Range {
    std::uint64_t min = ~std::uint64_t{0};
    std::uint64_t max = 0;
    void include(std::uint64_t value);
    [[nodiscard]] bool holds(std::uint64_t value) const { return min <= value && value <= max; }
  };
  struct Block {
    std::optional<Blocks::Place> place;  // none: in memory
    std::string bytes;                   // if so
    std::uint32_t size = 0;
    std::uint32_t calls = 0;  // those removed, too
    std::uint32_t removed = 0;
    std::uint64_t first_order = 0;
    Range ids;  // their first halves
    Range segments;
  };
  using Visit = std::function<void(CallNote)>;
  void visit(const Block& block, const Visit& visit) const;  // those removed, too
  [[nodiscard]] bool holds(const Block& block, const CallId& id) const;
  void close(Block& block);
  void drop_front();
  void clear();

  Blocks& blocks_;
  std::deque<Block> filled_;  // the last one is being filled, if it is in memory
  std::unordered_set<CallId> removed_;
  std::uint64_t size_ = 0;  // without those removed
};

}  // namespace convoke::journal
