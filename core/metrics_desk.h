// Gathers one sample of every shard, each taken on its shard's thread, for GET /metrics.
//
// Threads: gather() may be called on any shard's thread, and answers there.
#pragma once

#include <functional>
#include <vector>

#include "core/model/function.h"
#include "core/model/ids.h"
#include "core/observe/metrics.h"

namespace convoke {

// A shard, as the desk sees it.
class MetricsDoor {
 public:
  virtual ~MetricsDoor() = default;
  virtual void post(std::function<void()> task) = 0;  // any thread; runs on the shard's
  using Sampled = std::function<void(ShardSample)>;   // on the shard's thread, now or later
  virtual void sample(const std::vector<FunctionPtr>& shown, Sampled sampled) = 0;
};

class MetricsDesk {
 public:
  void open(std::vector<MetricsDoor*> doors) { doors_ = std::move(doors); }  // before they run

  using Gathered = std::function<void(std::vector<ShardSample>)>;  // in the order of the shards
  void gather(std::vector<FunctionPtr> shown, ShardIndex from, Gathered gathered) const;

 private:
  std::vector<MetricsDoor*> doors_;
};

}  // namespace convoke
