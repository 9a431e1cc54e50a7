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
    part.roots.erase(part.by_use.back().id);
    part.by_use.pop_back();
  }
  part.by_use.push_front(Root{id, {}, {}, false, false});
  part.roots.emplace(id, part.by_use.begin());
  return part.by_use.front();
}

void RootLedger::charge(Part& part, Root& root, const Spent& more) const {
  root.all += more;
  if (!untold_) return;
  root.untold += more;
  wait_to_tell(part, root);
}

// Those that have left are struck off before there are as many of them as of others.
void RootLedger::wait_to_tell(Part& part, Root& root) {
  if (std::exchange(root.waits, true)) return;
  if (part.to_tell.size() >= 2 * kRootsPerPart) {
    std::erase_if(part.to_tell, [&part](const CallId& id) { return !part.roots.contains(id); });
  }
  part.to_tell.push_back(root.id);
}

BudgetLimit RootLedger::begin(const CallId& root, const Budget& budget, Attempting attempting,
                              Past past) {
  bool much = false;
  BudgetLimit reached;
  {
    Part& part = part_of(root);
    const std::lock_guard locked(part.lock);
    Root& entry = enter(part, root);
    reached = limit_reached(entry.all, budget, attempting);
    if (reached != BudgetLimit::kNone && past == Past::kStops) return reached;
    charge(part, entry, {attempting == Attempting::kFirst ? 1U : 0U, 1, 0});
    much = untold_ && !entry.much && is_much(entry.untold, entry.all, budget);
    entry.much |= much;
  }
  say_untold(much);
  return reached;
}

void RootLedger::end(const CallId& root, Duration ran) {
  const auto ms = std::chrono::duration_cast<Millis>(ran).count();
  Part& part = part_of(root);
  const std::lock_guard locked(part.lock);
  Root* const entry = find(part, root);
  if (entry == nullptr || ms <= 0) return;
  charge(part, *entry, {0, 0, static_cast<std::uint64_t>(ms)});
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
      taken.push_back({root.id, std::exchange(root.untold, {})});
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
  wait_to_tell(part, root);
}

void RootLedger::learn(const CallId& root, const Spent& all) {
  Part& part = part_of(root);
  const std::lock_guard locked(part.lock);
  const auto found = part.roots.find(root);
  if (found == part.roots.end()) return;
  found->second->all = all;
  found->second->all += found->second->untold;
}

}  // namespace convoke
