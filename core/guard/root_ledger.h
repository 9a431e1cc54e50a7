// What each root has caused, for all shards of the engine to charge and to see: how much, and which
// calls. Where engines share a queue, what they charged is added up, and what they know of calls
// put together (core/guard/shared/ledger_exchange.h).
//
// Only roots that have children have an entry: a call without a caller touches nothing here. There
// are at most kRootsMax entries; the one that was used least recently makes room for a new one. A
// root that loses its entry begins anew with all of its budget, so one that outlives it must see
// some 65,536 other roots with children between two calls of its own. (An entry's place is one of
// 16 parts of the ledger, by its id's random bits; a part that is fuller than others forgets
// sooner.) So is it after a restart, where the queue is embedded. Of calls, kTreeCallsMax are kept
// in all; the trees of those roots leave first that were used least recently.
//
// Any thread. A part of the ledger is locked for tens of nanoseconds. A call that is known, or is
// beyond those that are kept, costs no allocation where its root is known.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/guard/budget.h"
#include "core/guard/call_tree.h"
#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

class RootLedger {
 public:
  static constexpr std::size_t kRootsMax = 65'536;
  static constexpr std::size_t kTreeCallsMax = 65'536;

  // What becomes of an attempt past the budget.
  enum class Past : std::uint8_t { kStops, kGoesOn };

  RootLedger() = default;
  RootLedger(const RootLedger&) = delete;
  RootLedger& operator=(const RootLedger&) = delete;

  // A call that has a caller, as those who are to be told of it see it.
  struct Child {
    CallId root;
    CallId id;
    CallId parent;
    FunctionId function;
    FunctionId function_of_root;  // 0: not known
  };

  // It waits until it may begin. Charges nothing.
  void wait(const Child& child, WallTime now);
  // An attempt of it begins: it is charged, unless a limit stops it. Judged and charged in one
  // step, so that of any number that begin at once no more than the budget do.
  [[nodiscard]] BudgetLimit begin(const Child& child, const Budget& budget, Attempting attempting,
                                  Past past, WallTime now);
  // One that was charged has ended: kSucceeded or kFailed.
  void end(const Child& child, TreeState how, Duration ran, WallTime now);
  void refuse(const Child& child, WallTime now);  // by whom it was not charged
  // Charges nothing; of a root that is not known: nothing.
  [[nodiscard]] Spent spent(const CallId& root) const;

  struct Tree {
    CallId root;
    std::vector<TreeCall> calls;  // in the order in which they were heard of here
    Spent spent;
  };
  // Of the root with that id, or of the one in whose tree a call with that id is kept here.
  // nullopt: there is none. Looks through all that is kept: for people who ask.
  [[nodiscard]] std::optional<Tree> tree_with(const CallId& id) const;

  // ---- with other engines ----

  struct Charges {
    CallId root;
    Spent more;                   // since it was last taken
    std::vector<TreeCall> calls;  // that went on since
  };
  // kNow: a root has charged much since it was last taken.
  enum class Urgency : std::uint8_t { kSoon, kNow };
  static constexpr std::uint64_t kMuch = 64;
  static constexpr std::uint64_t kMuchOfWhatIsLeft = 8;
  [[nodiscard]] static bool is_much(const Spent& untold, const Spent& all, const Budget& budget);
  using Untold = std::function<void(Urgency)>;
  // Before the shards run; until then nothing is gathered for others. `untold` is called on any
  // thread, without a lock: with the first charge since they were last taken, and when one is much.
  void share(Untold untold);
  // What was charged here since the last time, of at most `most` roots.
  [[nodiscard]] std::vector<Charges> take_charges(std::size_t most);
  // They were not heard: they are to be told again.
  void put_back(const Charges& charges);
  // What all engines have charged, as they have told so far, this one included. Of a root that has
  // lost its entry meanwhile: nothing.
  void learn(const CallId& root, const Spent& all);

 private:
  struct Root {
    CallId id;
    Spent all;           // ours, and what we know of others
    Spent untold;        // of ours
    bool waits = false;  // it stands in `to_tell`
    bool much = false;   // of what is untold it was said that it is much
    CallTree tree;
  };
  struct Part {
    mutable std::mutex lock;  // of all that follows
    std::list<Root> by_use;   // last used first
    std::unordered_map<CallId, std::list<Root>::iterator> roots;
    std::vector<CallId> to_tell;
    std::size_t tree_calls = 0;  // kept, of all of its roots
  };
  static constexpr std::size_t kParts = 16;
  static constexpr std::size_t kRootsPerPart = kRootsMax / kParts;
  static constexpr std::size_t kTreeCallsPerPart = kTreeCallsMax / kParts;
  static_assert(kTreeCallsPerPart > CallTree::kCallsMax);

  [[nodiscard]] static std::size_t part_number(const CallId& root);
  [[nodiscard]] Part& part_of(const CallId& root) { return parts_[part_number(root)]; }
  [[nodiscard]] const Part& part_of(const CallId& root) const { return parts_[part_number(root)]; }
  void say_untold(bool much);
  [[nodiscard]] static Root* find(Part& part, const CallId& id);
  [[nodiscard]] static Root& enter(Part& part, const CallId& id);
  void charge(Part& part, Root& root, const Spent& more) const;
  void go_on(Part& part, Root& root, const Child& child, TreeState state, WallTime now) const;
  static void make_room_for_calls(Part& part);
  static void wait_to_tell(Part& part, Root& root);

  std::array<Part, kParts> parts_;
  Untold untold_;  // null: nobody shares
  std::atomic<bool> any_untold_{false};
};

}  // namespace convoke
