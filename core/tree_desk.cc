#include "core/tree_desk.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/guard/shared/ledger_exchange.h"

namespace convoke {
namespace {

using Tree = RootLedger::Tree;

// Of each call what is known furthest; in the order in which they were heard of anywhere.
std::optional<Tree> put_together(std::optional<Tree> ours, const Tree& told) {
  if (!ours && told.calls.empty()) return std::nullopt;
  if (!ours) ours = Tree{told.root, {}, {}};
  CallTree all;
  for (const TreeCall& call : ours->calls) all.learn(call);
  for (const TreeCall& call : told.calls) all.learn(call);
  // What was told last may not have been heard yet, and the other way round.
  if (told.spent.attempts > ours->spent.attempts) ours->spent = told.spent;
  ours->calls = all.calls();
  std::stable_sort(ours->calls.begin(), ours->calls.end(),
                   [](const TreeCall& a, const TreeCall& b) { return a.heard < b.heard; });
  return ours;
}

}  // namespace

void TreeDesk::open(std::vector<ShardDoor*> doors, LedgerExchange* exchange) {
  doors_ = std::move(doors);
  exchange_ = exchange;
}

void TreeDesk::ask(const CallId& id, ShardIndex from, Told told) const {
  std::optional<Tree> ours = ledger_.tree_with(id);
  if (exchange_ == nullptr) return told(std::move(ours));
  const CallId root = ours ? ours->root : id;
  const auto kept = std::make_shared<std::optional<Tree>>(std::move(ours));
  doors_.front()->post([this, root, from, kept, told = std::move(told)] {
    exchange_->look(root, [this, from, kept, told](const Tree& theirs) {
      doors_[from.value]->post(
          [kept, told, theirs] { told(put_together(std::move(*kept), theirs)); });
    });
  });
}

}  // namespace convoke
