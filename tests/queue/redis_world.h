// A RedisStore on a real redis-server, in virtual time, that can be crashed and started again.
//
// One server for all tests of a program, and a prefix of its own for each world. The server's own
// clock is real: only heartbeats go by it.
#pragma once

#include <string>

#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "tests/queue/redis_harness.h"
#include "tests/redis_server.h"

namespace convoke::fake {

class RedisWorld final : public RedisHarness {
 public:
  explicit RedisWorld(const Limits& limits)
      : RedisHarness(limits, "test-" + std::to_string(++worlds())) {
    start();
  }
  ~RedisWorld() override { stop(); }

  static redis::RedisServer& server() {
    static redis::RedisServer server;
    return server;
  }

 private:
  static int& worlds() {
    static int count = 0;
    return count;
  }

  [[nodiscard]] Wires& wires() override { return wires_; }
  [[nodiscard]] redis::Target start_server() override {
    server().start();
    return server().target();
  }
  void kill_server() override { server().kill(); }
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
