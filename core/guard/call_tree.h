// The calls that one root caused, as far as they are kept: for people who look (`convoke tree`).
//
// The first kCallsMax are kept, in the order in which they were heard of, and what becomes of them;
// of later ones there is only the number that began (core/guard/budget.h). A call goes on by steps,
// which may be heard in another order than they were taken, from several shards or engines: one
// that stands behind what is known already changes nothing.
//
// Values; no thread of its own. A call that is known costs no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

enum class TreeState : std::uint8_t {  // on the server: never renumber
  kUnknown = 0,                        // a root: nobody charges it for its calls
  kWaiting = 1,                        // in a queue, or in line
  kRunning = 2,
  kSucceeded = 3,
  kFailed = 4,  // its last attempt has; another may follow
  kRefused = 5,
};

struct TreeCall {
  CallId id;
  CallId parent;        // nil: the root
  FunctionId function;  // 0: not known. A root's is known by its tag (core/model/lineage.h)
  TreeState state = TreeState::kUnknown;
  std::uint8_t attempts = 0;  // stops at kAttemptsShown
  WallTime heard{};           // of it, first
  WallTime begun{};           // its last attempt; 0: none has
  WallTime ended{};           // that attempt; 0: it has not

  static constexpr std::uint8_t kAttemptsShown = 62;
  friend bool operator==(const TreeCall&, const TreeCall&) = default;
};

// As the server keeps it, without its id. The first byte grows as the call goes on.
[[nodiscard]] std::string pack(const TreeCall& call);
// nullopt: it is none of ours.
[[nodiscard]] std::optional<TreeCall> unpack_tree_call(const CallId& id, std::string_view packed);

class CallTree {
 public:
  static constexpr std::size_t kCallsMax = 1000;

  // A call goes on: `state` as of now. Returns how many calls more are kept: 0 or 1.
  std::size_t step(const TreeCall& member, TreeState state, WallTime now);
  // The same of all that is known elsewhere of a call.
  std::size_t learn(const TreeCall& call);

  [[nodiscard]] const std::vector<TreeCall>& calls() const { return calls_; }
  [[nodiscard]] bool has(const CallId& id) const { return find(id) != kNone; }
  // Those that went on since they were last taken.
  [[nodiscard]] std::vector<TreeCall> take_changed();
  void put_back(const std::vector<TreeCall>& changed);
  [[nodiscard]] bool changed() const { return !changed_.empty(); }

 private:
  using Place = std::uint16_t;  // in `calls_`
  static constexpr Place kNone = 0xffff;

  [[nodiscard]] Place find(const CallId& id) const;
  [[nodiscard]] std::size_t slot_of(const CallId& id) const;
  [[nodiscard]] Place add(const TreeCall& call);
  void grow_index();
  void note_changed(Place place);

  std::vector<TreeCall> calls_;
  std::vector<Place> index_;  // open addressing; its size is a power of two
  std::vector<bool> waits_;   // stands in `changed_`
  std::vector<Place> changed_;
};

}  // namespace convoke
