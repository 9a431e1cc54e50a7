// What an engine says of itself in numbers, in Prometheus' text format (version 0.0.4). Pure.
//
// Each shard takes its own sample on its own thread: every sample is of one moment of its shard, so
// that what must add up within a shard (the drift) does in every scrape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/instant.h"
#include "queue/queue.h"

namespace convoke {

// Functions with labels of their own; all others, deleted ones too, are summed under
// service="", function="".
inline constexpr std::size_t kFunctionsShownMax = 200;
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

struct FunctionLabel {
  std::string service;
  std::string function;
};

// Of a function whose queued calls are let in few at a time, and no more of them now.
struct ShutWindow {
  std::uint32_t limit = 0;      // at once
  std::uint32_t under_way = 0;  // are now
  Duration pause{};             // none is let in for so long
};

struct ShardSample {
  std::vector<QueueCounts> functions;              // of those shown, in the order of their labels
  std::vector<std::optional<ShutWindow>> windows;  // of these; nullopt: not shut
  QueueCounts all;                                 // of these and all others
  std::uint64_t started = 0;                       // calls handed to an instance, since start
  std::uint64_t moved = 0;                         // calls sent to a slot on another shard
  std::uint64_t bounced = 0;                       // calls that found no instance there
  std::uint64_t recursion_refused = 0;             // calls that one lineage had made too often
  std::uint64_t recursion_warned = 0;              // those that ran all the same, in a rehearsal
  std::uint64_t budget_refused = 0;                // calls whose root had used up its budget
  std::uint64_t budget_warned = 0;                 // those that ran all the same
  std::uint64_t retries_held = 0;        // queued calls that had no token to be tried again
  std::uint64_t overload_cuts = 0;       // times that fewer were let in, or none for a while
  std::size_t functions_held = 0;        // of which fewer are let in now
  std::uint64_t generation_refused = 0;  // calls for objects that such calls had written too often
  std::uint64_t events_dropped = 0;      // of objects, whose triggers are paused
  std::size_t triggers_paused = 0;       // of those that this shard looks after
  std::size_t instances = 0;
  std::size_t calls_here = 0;  // in line or inside instances
  std::size_t connections = 0;
  std::size_t exchanges = 0;
  bool store_healthy = true;
};

struct EngineFacts {
  std::string version;
  Duration uptime{};
};

// accepted - (ready + delayed + claimed + settled): 0, or calls were lost or made up.
[[nodiscard]] std::int64_t drift_of(const QueueCounts& counts);

[[nodiscard]] std::string metrics_text(const std::vector<FunctionLabel>& shown,
                                       const std::vector<ShardSample>& shards,
                                       const EngineFacts& facts);

}  // namespace convoke
