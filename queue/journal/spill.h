// Waiting calls that are not in memory: the ready ones beyond what each function may have there, in
// their order, and the delayed ones beyond what all may. In memory each costs about half a byte.
//
// Shard thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "queue/journal/blocks.h"
#include "queue/journal/due_shelves.h"
#include "queue/journal/shelf.h"

namespace convoke::journal {

class Spill {
 public:
  explicit Spill(ScratchSpace scratch) : blocks_(std::move(scratch)) {}

  void put_ready(const CallNote& note);  // behind those of its function that are here
  // Order key of the function's first ready call here; nullopt: it has none.
  [[nodiscard]] std::optional<std::uint64_t> first_ready(FunctionId function) const;
  [[nodiscard]] std::vector<CallNote> take_ready(FunctionId function);  // its first ones

  void put_delayed(const CallNote& note, WallTime now) { due_.put(note, now); }
  [[nodiscard]] std::optional<WallTime> next_due() const { return due_.next(); }
  [[nodiscard]] std::vector<CallNote> take_due(WallTime now) { return due_.take(now); }

  struct Spilled {
    CallNote note;
    std::optional<DueShelves::Stretch> delayed;  // nullopt: it is ready
  };
  [[nodiscard]] std::optional<Spilled> find(const CallId& id) const;
  [[nodiscard]] std::optional<Spilled> take(const CallId& id);
  // How many of the function's ready calls here go before that one; nullopt: it is not among them.
  [[nodiscard]] std::optional<std::uint64_t> ahead_of(FunctionId function, const CallId& id) const;
  // Its accepted record stands there now. False: it is not here.
  [[nodiscard]] bool move(const CallId& id, std::uint64_t segment, std::uint32_t offset);
  // Up to `max` of those whose accepted record stands in that segment; none: there is none.
  [[nodiscard]] std::vector<CallNote> find_in(std::uint32_t journal, std::uint64_t segment,
                                              std::size_t max) const;

  // Once set, what is here is not found any more until the next start.
  [[nodiscard]] const std::optional<Error>& failure() const { return blocks_.failure(); }

 private:
  Blocks blocks_;
  std::unordered_map<FunctionId, Shelf> ready_;  // none is empty
  DueShelves due_{blocks_};
};

}  // namespace convoke::journal
