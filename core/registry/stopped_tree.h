// A tree that is stopped: a call and all that it caused, by whatever way. What runs of it is ended,
// what is queued never starts, and who would become a part of it later is refused.
//
// It cannot be taken back, and is forgotten when nothing of it can be left: a call waits for its
// delay, is retried until it is too old, and then runs for its timeout at most; and its children
// are refused meanwhile.
//
// Values, immutable once they are in a Change: shared by all shards. The rest is pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/model/error.h"
#include "core/model/function.h"
#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

// A delay may be as long as an age (core/guard/admission.h).
inline constexpr Seconds kTreeStoppedFor = 2 * kAsyncAgeMaxMax + kTimeoutMax;
inline constexpr std::size_t kStoppedTreesMax = 10'000;  // at a time; ours

struct StoppedTree {
  CallId root;
  std::uint64_t version = 0;  // of the change that stopped it
  std::string reason;         // in the words of whoever stopped it
  std::string by;             // who that was; "": nobody knows
  WallTime since{};

  friend bool operator==(const StoppedTree&, const StoppedTree&) = default;
};
using StoppedTreePtr = std::shared_ptr<const StoppedTree>;

[[nodiscard]] inline WallTime over_at(const StoppedTree& tree) {
  return tree.since + kTreeStoppedFor;
}
[[nodiscard]] inline bool is_over(const StoppedTree& tree, WallTime now) {
  return now >= over_at(tree);
}

// InvocationTreeStopped: which, when, by whom and why.
[[nodiscard]] Error tree_stopped(const StoppedTree& tree);

}  // namespace convoke
