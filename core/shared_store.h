// A shard's part in a queue on Redis, which all shards of all engines share.
#pragma once

#include <cstdint>
#include <memory>

#include "core/config.h"
#include "core/edge/clock.h"
#include "core/edge/io_thread.h"
#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/guard/engine_lease.h"
#include "core/loop/disk_reserve.h"
#include "core/shard_store.h"
#include "core/state_directory.h"
#include "queue/redis/durability.h"
#include "queue/redis/target.h"

namespace convoke {

// All of it outlives the store.
struct SharedWorld {
  const EngineOptions& options;
  const redis::Target& target;
  const StateDirectory& state;
  DiskReserve& disk;
  ShardIndex self;
  std::uint16_t shards;
  Wires& wires;
  IoThread& noting;  // writes small files
  const Clock& clock;
  TimerWheel& wheel;
  QueueListener& listener;
  EngineLease& lease;  // of what is claimed here
};

// Connects by itself, once its loop runs. Reads small files; for start-up.
[[nodiscard]] Result<std::unique_ptr<ShardStore>> open_shared_store(const SharedWorld& world,
                                                                    Rng rng);

// What --queue says, with the password and what TLS needs from their files, if there are any.
// InvalidArgument, in words that hold no piece of the password.
[[nodiscard]] Result<redis::Target> queue_target(const EngineOptions& options);
// What --durability says. InvalidArgument: none of the words for it.
[[nodiscard]] Result<redis::Durability> queue_durability(const EngineOptions& options);

}  // namespace convoke
