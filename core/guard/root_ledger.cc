#include "core/guard/root_ledger.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace convoke {

std::size_t RootLedger::part_number(const CallId& root) { return root.bytes()[15] % kParts; }

RootLedger::Root* RootLedger::find(Part& part, const CallId& id) {
  const auto found = part.roots.find(id);
  if (found == part.roots.end()) return nullptr;
  part.by_use.splice(part.by_use.begin(), part.by_use, found->second);
  return &*found->second;
}

RootLedger::Root& RootLedger::enter(Part& part, const CallId& id) {
  if (Root* const known = find(part, id)) return *known;
  if (part.roots.size() == kRootsPerPart) {
    part.tree_calls -= part.by_use.back().tree.calls().size();
    part.roots.erase(part.by_use.back().id);
    part.by_use.pop_back();
  }
  part.by_use.push_front(Root{id, {}, {}, false, false, {}});
  part.roots.emplace(id, part.by_use.begin());
  return part.by_use.front();
}

void RootLedger::charge(Part& part, Root& root, const Spent& more) const {
  root.all += more;
  if (!untold_) return;
  root.untold += more;
  wait_to_tell(part, root);
}

// Those that have left, or came back, are struck off before there are as many of them as of others.
void RootLedger::wait_to_tell(Part& part, Root& root) {
  if (std::exchange(root.waits, true)) return;
  if (part.to_tell.size() >= 2 * kRootsPerPart) {
    part.to_tell.clear();
    for (const Root& each : part.by_use) {
      if (each.waits && each.id != root.id) part.to_tell.push_back(each.id);
    }
  }
  part.to_tell.push_back(root.id);
}

// ---- calls ----

void RootLedger::go_on(Part& part, Root& root, const Child& child, TreeState state,
                       WallTime now) const {
  if (root.tree.calls().empty()) {
    TreeCall first;
    first.id = root.id;
    first.function = child.function_of_root;
    part.tree_calls += root.tree.step(first, TreeState::kUnknown, now);
  }
  TreeCall call;
  call.id = child.id;
  call.parent = child.parent;
  call.function = child.function;
  part.tree_calls += root.tree.step(call, state, now);
  if (part.tree_calls > kTreeCallsPerPart) make_room_for_calls(part);
  if (untold_) wait_to_tell(part, root);
}

// Half of it at once: the roots at the end have lost their trees already, and are passed over. The
// first one, which is in use, has less than that.
void RootLedger::make_room_for_calls(Part& part) {
  for (auto last = part.by_use.rbegin(); part.tree_calls > kTreeCallsPerPart / 2; ++last) {
    part.tree_calls -= last->tree.calls().size();
    last->tree = CallTree();
  }
}

void RootLedger::wait(const Child& child, WallTime now) {
  {
    Part& part = part_of(child.root);
    const std::lock_guard locked(part.lock);
    go_on(part, enter(part, child.root), child, TreeState::kWaiting, now);
  }
  say_untold(false);
}

BudgetLimit RootLedger::begin(const Child& child, const Budget& budget, Attempting attempting,
                              Past past, WallTime now) {
  bool much = false;
  BudgetLimit reached;
  {
    Part& part = part_of(child.root);
    const std::lock_guard locked(part.lock);
    Root& entry = enter(part, child.root);
    reached = limit_reached(entry.all, budget, attempting);
    const bool stops = reached != BudgetLimit::kNone && past == Past::kStops;
    go_on(part, entry, child, stops ? TreeState::kRefused : TreeState::kRunning, now);
    if (!stops) charge(part, entry, {attempting == Attempting::kFirst ? 1U : 0U, 1, 0});
    // Beyond a budget that stops nothing, it is nothing that others wait for.
    const bool told_soon = past == Past::kStops ? is_much(entry.untold, entry.all, budget)
                                                : entry.untold.attempts >= kMuch;
    much = untold_ && !stops && !entry.much && told_soon;
    entry.much |= much;
  }
  say_untold(much);
  return reached;
}

void RootLedger::end(const Child& child, TreeState how, Duration ran, WallTime now) {
  const auto ms = std::max<std::int64_t>(std::chrono::duration_cast<Millis>(ran).count(), 0);
  {
    Part& part = part_of(child.root);
    const std::lock_guard locked(part.lock);
    Root* const entry = find(part, child.root);
    if (entry == nullptr) return;
    go_on(part, *entry, child, how, now);
    charge(part, *entry, {0, 0, static_cast<std::uint64_t>(ms)});
  }
  say_untold(false);
}

void RootLedger::refuse(const Child& child, WallTime now) {
  {
    Part& part = part_of(child.root);
    const std::lock_guard locked(part.lock);
    Root* const entry = find(part, child.root);
    if (entry == nullptr) return;
    go_on(part, *entry, child, TreeState::kRefused, now);
  }
  say_untold(false);
}

bool RootLedger::is_much(const Spent& untold, const Spent& all, const Budget& budget) {
  const auto left = [](std::uint64_t has, std::uint64_t spent) {
    return has - std::min(has, spent);
  };
  const std::uint64_t leaves =
      std::min(left(budget.invocations, all.invocations), left(budget.attempts, all.attempts));
  return untold.attempts >= std::min(kMuch, leaves / kMuchOfWhatIsLeft + 1);
}

void RootLedger::say_untold(bool much) {
  if (!untold_) return;
  const bool first = !any_untold_ && !any_untold_.exchange(true);
  if (much) return untold_(Urgency::kNow);
  if (first) untold_(Urgency::kSoon);
}

Spent RootLedger::spent(const CallId& root) const {
  const Part& part = part_of(root);
  const std::lock_guard locked(part.lock);
  const auto found = part.roots.find(root);
  return found == part.roots.end() ? Spent{} : found->second->all;
}

std::optional<RootLedger::Tree> RootLedger::tree_with(const CallId& id) const {
  const auto drawn = [](const Root& root) { return Tree{root.id, root.tree.calls(), root.all}; };
  {
    const Part& part = part_of(id);
    const std::lock_guard locked(part.lock);
    const auto found = part.roots.find(id);
    if (found != part.roots.end()) return drawn(*found->second);
  }
  for (const Part& part : parts_) {
    const std::lock_guard locked(part.lock);
    for (const Root& root : part.by_use) {
      if (root.tree.has(id)) return drawn(root);
    }
  }
  return std::nullopt;
}

// ---- with other engines ----

void RootLedger::share(Untold untold) {
  untold_ = std::move(untold);
  for (Part& part : parts_) part.to_tell.reserve(kRootsPerPart / 16);
}

std::vector<RootLedger::Charges> RootLedger::take_charges(std::size_t most) {
  std::vector<Charges> taken;
  any_untold_ = false;
  for (Part& part : parts_) {
    const std::lock_guard locked(part.lock);
    while (!part.to_tell.empty() && taken.size() < most) {
      const auto found = part.roots.find(part.to_tell.back());
      part.to_tell.pop_back();
      if (found == part.roots.end()) continue;  // it has left meanwhile
      Root& root = *found->second;
      root.waits = root.much = false;
      taken.push_back({root.id, std::exchange(root.untold, {}), root.tree.take_changed()});
    }
  }
  return taken;
}

void RootLedger::put_back(const Charges& charges) {
  Part& part = part_of(charges.root);
  const std::lock_guard locked(part.lock);
  const auto found = part.roots.find(charges.root);
  if (found == part.roots.end()) return;
  Root& root = *found->second;
  root.untold += charges.more;
  root.tree.put_back(charges.calls);
  wait_to_tell(part, root);
}

void RootLedger::learn(const CallId& root, const Spent& all) {
  Part& part = part_of(root);
  const std::lock_guard locked(part.lock);
  const auto found = part.roots.find(root);
  if (found == part.roots.end()) return;
  // A server that has forgotten some of it, or all, makes nobody forget it.
  Spent& known = found->second->all;
  Spent sum = all;
  sum += found->second->untold;
  known.invocations = std::max(known.invocations, sum.invocations);
  known.attempts = std::max(known.attempts, sum.attempts);
  known.running_ms = std::max(known.running_ms, sum.running_ms);
}

}  // namespace convoke
