// A RedisStore on a real Redis Cluster, in virtual time, that can be crashed and started again.
//
// One cluster for all tests of a program, and a prefix of its own for each world.
#pragma once

#include <string>

#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "tests/queue/redis_harness.h"
#include "tests/redis_cluster.h"

namespace convoke::fake {

class RedisClusterWorld final : public RedisHarness {
 public:
  explicit RedisClusterWorld(const Limits& limits)
      : RedisHarness(limits, "test-" + std::to_string(++worlds())) {
    start();
  }
  ~RedisClusterWorld() override { stop(); }

  static redis::RedisCluster& cluster() {
    static redis::RedisCluster cluster;
    return cluster;
  }

 private:
  static int& worlds() {
    static int count = 0;
    return count;
  }

  [[nodiscard]] Wires& wires() override { return wires_; }
  [[nodiscard]] redis::Target start_server() override {
    cluster().start();
    return cluster().target();
  }
  void kill_server() override {
    for (std::size_t i = 0; i < redis::RedisCluster::kNodes; ++i) cluster().node(i).kill();
  }
  void carry(bool awaited) override {
    if (!awaited) loop_.turn_again();
    loop_.run_one_turn();
  }
  void let_go() override {
    while (loop_.active_handles() > 0) carry(false);
  }

  Loop loop_;
  LoopWires wires_{loop_};
};

}  // namespace convoke::fake
