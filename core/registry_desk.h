// One engine's changes to its registry, in one order: executed on the registry's thread, applied by
// every shard, and only then answered. So a client sees its own change on whichever shard its next
// request arrives, and no call starts on what was replaced.
//
// Threads: lives on shard 0's loop; execute() and read_code() may be called on any shard's thread,
// and answer there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/io_thread.h"
#include "core/guard/gate.h"
#include "core/model/error.h"
#include "core/registry/registry.h"
#include "core/shard_door.h"
#include "workers/log_files.h"

namespace convoke {

class RegistryDesk {
 public:
  RegistryDesk(std::unique_ptr<Registry> registry, GateTable& gates, LogFiles& logs);

  // Before the shards run: each gets what was committed earlier, then they are known here.
  void open(std::vector<ShardDoor*> doors, IoThread& thread);

  using Changed = std::function<void(Result<Change>)>;
  using Zip = std::function<void(Result<std::string>)>;
  void execute(Mutation mutation, WallTime now, ShardIndex from, Changed changed);
  void read_code(FunctionPtr function, ShardIndex from, Zip zip);

 private:
  struct Tour;  // one change on its way through the shards

  void committed(Result<Change> result, ShardIndex from, const Changed& changed);
  void set_gate(const Change& change);
  void visited(const std::shared_ptr<Tour>& tour, std::vector<std::string> in_use);
  void clean_up(const Change& change, std::vector<std::string> in_use);

  std::unique_ptr<Registry> registry_;
  GateTable& gates_;
  LogFiles& logs_;
  Directory directory_;  // as committed; for the gates
  std::vector<ShardDoor*> doors_;
  IoThread* thread_ = nullptr;
};

}  // namespace convoke
