// A shard's queue in journals of its own: the default, which needs no server.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/config.h"
#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/history_desk.h"
#include "core/loop/io_thread.h"
#include "core/loop/log_file.h"
#include "core/shard_store.h"
#include "core/state_directory.h"
#include "queue/journal/store.h"

namespace convoke {

// All of it outlives the store.
struct EmbeddedWorld {
  const EngineOptions& options;
  const StateDirectory& state;
  DiskReserve& disk;
  HistoryDesk& history;
  IoThread& syncing;    // what calls wait for: syncs and reads
  IoThread& preparing;  // segments to come
  const Clock& clock;
  TimerWheel& wheel;
  QueueListener& listener;
  std::uint32_t incarnation;
  std::uint16_t shards;  // each has its share of the limits
};

// Recovers `journals`, by number; the first takes new calls. Blocks; for start-up.
[[nodiscard]] Result<std::unique_ptr<ShardStore>> open_embedded_store(
    const EmbeddedWorld& world, const std::vector<std::uint32_t>& journals);

}  // namespace convoke
