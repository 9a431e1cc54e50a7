// Which incarnations the shards of this state directory had: one file for each shard, `life-N`.
//
// Whoever has the directory's lock knows that they are no more, and need not wait for their silence
// (MembershipOptions::predecessors). What is lost here is only that: time.
#pragma once

#include <cstdint>
#include <map>

#include "core/edge/io_thread.h"
#include "core/edge/log_file.h"
#include "core/model/ids.h"

namespace convoke::redis {

// By the number of the shard. What is no number is passed over. Blocking.
[[nodiscard]] Result<std::map<std::uint16_t, std::uint64_t>> last_lives(LogDir& dir);

// On that thread; the directory outlives it. One that fails is forgotten.
void note_life(IoThread& thread, LogDir& dir, ShardIndex shard, std::uint64_t incarnation);

}  // namespace convoke::redis
