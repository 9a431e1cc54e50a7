// A RedisStore on the stand-in for a Redis server: no process, no socket, and no time but virtual.
#pragma once

#include "tests/queue/redis_harness.h"
#include "tests/redis_stand_in/cables.h"
#include "tests/redis_stand_in/server.h"

namespace convoke::fake {

// A server's clock is its own: steps of an engine's do not reach it.
class ServerClock final : public Clock {
 public:
  explicit ServerClock(const Clock& engine) : engine_(engine) {}
  [[nodiscard]] Instant now() const override { return engine_.now(); }
  [[nodiscard]] WallTime wall() const override {
    return wall_from_ms(1'600'000'000'000) +
           std::chrono::duration_cast<Millis>(now().time_since_epoch());
  }

 private:
  const Clock& engine_;
};

class RedisStandInWorld final : public RedisHarness {
 public:
  explicit RedisStandInWorld(const Limits& limits) : RedisHarness(limits, "convoke") { start(); }
  ~RedisStandInWorld() override { stop(); }

  [[nodiscard]] stand_in::Server& server() { return server_; }

 private:
  [[nodiscard]] Wires& wires() override { return cables_.clients(); }
  [[nodiscard]] redis::Target start_server() override {
    server_.start();
    redis::Target target;
    target.address = stand_in::ServerOptions{}.at;
    return target;
  }
  void kill_server() override { server_.crash(); }
  void carry(bool /*awaited*/) override { cables_.turn(); }
  void let_go() override { cables_.turn(); }

  Cables cables_;
  ServerClock server_clock_{clock};
  stand_in::Server server_{cables_.server(), server_clock_, {}};
};

}  // namespace convoke::fake
