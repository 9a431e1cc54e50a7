// Puts together what this engine and, where they share a queue, the others know of what a root has
// caused, for GET /convoke/trees/ID.
//
// Threads: ask() may be called on any shard's thread, and answers there.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/guard/root_ledger.h"
#include "core/model/ids.h"
#include "core/shard_door.h"

namespace convoke {

class LedgerExchange;

class TreeDesk {
 public:
  explicit TreeDesk(const RootLedger& ledger) : ledger_(ledger) {}

  // Before they run. `exchange`: on the first one's thread; null: no other engine knows more.
  void open(std::vector<ShardDoor*> doors, LedgerExchange* exchange);

  // nullopt: nobody knows of any. A call that is not the root is known by the engines that have
  // heard of it.
  using Told = std::function<void(std::optional<RootLedger::Tree>)>;
  void ask(const CallId& id, ShardIndex from, Told told) const;

 private:
  const RootLedger& ledger_;
  std::vector<ShardDoor*> doors_;
  LedgerExchange* exchange_ = nullptr;
};

}  // namespace convoke
