#include "core/observe/metrics.h"

#include <fmt/format.h>

#include "core/model/error.h"
#include "core/observe/exposition.h"

namespace convoke {
namespace {

using Count = std::uint64_t QueueCounts::*;
constexpr Count kCounts[] = {&QueueCounts::accepted, &QueueCounts::ready, &QueueCounts::delayed,
                             &QueueCounts::claimed, &QueueCounts::settled};

void add(QueueCounts& sum, const QueueCounts& more) {
  for (const Count count : kCounts) sum.*count += more.*count;
}

void subtract(QueueCounts& sum, const QueueCounts& less) {
  for (const Count count : kCounts) sum.*count -= less.*count;
}

// One entry for each label, and the last for all other functions.
std::vector<QueueCounts> summed(std::size_t shown, const std::vector<ShardSample>& shards) {
  std::vector<QueueCounts> sums(shown + 1);
  for (const ShardSample& shard : shards) {
    ENSURE(shard.functions.size() == shown);
    add(sums.back(), shard.all);
    for (std::size_t i = 0; i < shown; ++i) {
      add(sums[i], shard.functions[i]);
      subtract(sums.back(), shard.functions[i]);
    }
  }
  return sums;
}

Exposition::Labels labels_of(const std::vector<FunctionLabel>& shown, std::size_t i) {
  if (i == shown.size()) return {{"service", ""}, {"function", ""}};
  return {{"service", shown[i].service}, {"function", shown[i].function}};
}

struct QueueMetric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::int64_t (*value)(const QueueCounts&);
};
template <Count count>
std::int64_t value_of(const QueueCounts& counts) {
  return static_cast<std::int64_t>(counts.*count);
}
constexpr QueueMetric kQueueMetrics[] = {
    {"convoke_queue_accepted_total", "counter",
     "Asynchronous calls accepted since start, and found unsettled at start.",
     value_of<&QueueCounts::accepted>},
    {"convoke_queue_ready", "gauge", "Calls that wait for an instance.",
     value_of<&QueueCounts::ready>},
    {"convoke_queue_delayed", "gauge", "Calls that wait for their due time.",
     value_of<&QueueCounts::delayed>},
    {"convoke_queue_claimed", "gauge", "Calls that run, or are about to.",
     value_of<&QueueCounts::claimed>},
    {"convoke_queue_settled_total", "counter", "Calls whose outcome is written.",
     value_of<&QueueCounts::settled>},
    {"convoke_queue_drift", "gauge",
     "accepted - (ready + delayed + claimed + settled): 0, or calls were lost or made up.",
     drift_of},
};

void write_queue(const std::vector<FunctionLabel>& shown, const std::vector<ShardSample>& shards,
                 Exposition& text) {
  const std::vector<QueueCounts> sums = summed(shown.size(), shards);
  for (const QueueMetric& metric : kQueueMetrics) {
    text.metric(metric.name, metric.type, metric.help);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      text.sample(labels_of(shown, i), metric.value(sums[i]));
    }
  }
}

struct ShardMetric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::uint64_t (*value)(const ShardSample&);
};
constexpr ShardMetric kShardMetrics[] = {
    {"convoke_dispatch_started_total", "counter", "Calls handed to an instance.",
     [](const ShardSample& shard) { return shard.started; }},
    {"convoke_dispatch_moved_total", "counter", "Calls sent to a slot on another shard.",
     [](const ShardSample& shard) { return shard.moved; }},
    {"convoke_dispatch_bounced_total", "counter", "Calls whose kept slot was gone.",
     [](const ShardSample& shard) { return shard.bounced; }},
    {"convoke_recursion_refused_total", "counter", "Calls that the recursion guard refused.",
     [](const ShardSample& shard) { return shard.recursion_refused; }},
    {"convoke_recursion_warned_total", "counter",
     "Calls that it would have refused, were its mode not warn.",
     [](const ShardSample& shard) { return shard.recursion_warned; }},
    {"convoke_budget_refused_total", "counter", "Calls whose root had used up its budget.",
     [](const ShardSample& shard) { return shard.budget_refused; }},
    {"convoke_budget_warned_total", "counter",
     "Attempts beyond a budget that began all the same, the mode being warn.",
     [](const ShardSample& shard) { return shard.budget_warned; }},
    {"convoke_retries_held_total", "counter",
     "Queued calls that wait for their function's retry budget.",
     [](const ShardSample& shard) { return shard.retries_held; }},
    {"convoke_overload_cuts_total", "counter",
     "Times that a function had no room, and fewer of its queued calls were let in.",
     [](const ShardSample& shard) { return shard.overload_cuts; }},
    {"convoke_functions_held", "gauge", "Functions of which fewer queued calls are let in now.",
     [](const ShardSample& shard) { return std::uint64_t{shard.functions_held}; }},
    {"convoke_generation_refused_total", "counter",
     "Calls for events of objects that the function had written itself, too many times over.",
     [](const ShardSample& shard) { return shard.generation_refused; }},
    {"convoke_triggers_paused", "gauge", "Triggers that such a call has paused, or a user.",
     [](const ShardSample& shard) { return std::uint64_t{shard.triggers_paused}; }},
    {"convoke_trigger_events_dropped_total", "counter",
     "Events of objects that set nothing off, since their trigger is paused.",
     [](const ShardSample& shard) { return shard.events_dropped; }},
    {"convoke_instances", "gauge", "Instances, those that start or end included.",
     [](const ShardSample& shard) { return std::uint64_t{shard.instances}; }},
    {"convoke_calls", "gauge", "Calls in line or inside instances.",
     [](const ShardSample& shard) { return std::uint64_t{shard.calls_here}; }},
    {"convoke_connections", "gauge", "Connections of clients.",
     [](const ShardSample& shard) { return std::uint64_t{shard.connections}; }},
    {"convoke_exchanges", "gauge", "Requests that are not yet answered.",
     [](const ShardSample& shard) { return std::uint64_t{shard.exchanges}; }},
    {"convoke_store_healthy", "gauge", "1: asynchronous calls can be accepted.",
     [](const ShardSample& shard) { return std::uint64_t{shard.store_healthy}; }},
};

void write_shards(const std::vector<ShardSample>& shards, Exposition& text) {
  for (const ShardMetric& metric : kShardMetrics) {
    text.metric(metric.name, metric.type, metric.help);
    for (std::size_t i = 0; i < shards.size(); ++i) {
      const std::string shard = fmt::format("{}", i);
      text.sample({{"shard", shard}}, static_cast<std::int64_t>(metric.value(shards[i])));
    }
  }
}

}  // namespace

std::int64_t drift_of(const QueueCounts& counts) {
  return static_cast<std::int64_t>(counts.accepted - counts.ready - counts.delayed -
                                   counts.claimed - counts.settled);
}

std::string metrics_text(const std::vector<FunctionLabel>& shown,
                         const std::vector<ShardSample>& shards, const EngineFacts& facts) {
  Exposition text;
  text.metric("convoke_info", "gauge", "The engine's version.");
  text.sample({{"version", facts.version}}, std::int64_t{1});
  text.metric("convoke_uptime_seconds", "gauge", "Real time since the engine's start.");
  text.sample({}, std::chrono::duration<double>(facts.uptime).count());
  write_queue(shown, shards, text);
  write_shards(shards, text);
  return text.take();
}

}  // namespace convoke
