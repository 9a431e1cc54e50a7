// A RedisStore on a real redis-server, in virtual time, that can be crashed and started again.
//
// One server for all tests of a program, and a prefix of its own for each world. The server's own
// clock is real: only heartbeats go by it.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "queue/redis/store.h"
#include "tests/queue/harness.h"
#include "tests/redis_server.h"

namespace convoke::fake {

class RedisWorld final : public StoreHarness {
 public:
  explicit RedisWorld(const Limits& limits) : prefix_("test-" + std::to_string(++worlds())) {
    options_.prefix = prefix_;
    options_.depth_max = limits.depth_max;
    options_.depth_per_function_max = limits.depth_per_function_max;
    start();
  }
  ~RedisWorld() override { stop(); }

  static redis::RedisServer& server() {
    static redis::RedisServer server;
    return server;
  }

  [[nodiscard]] Queue& queue() override { return *store_; }
  [[nodiscard]] redis::RedisStore& store() { return *store_; }
  void settle() override {
    do {
      end_turn();
      turn();
    } while (!quiet());
  }
  void end_turn() override { store_->submit(); }
  void step() override {
    end_turn();
    turn();
  }
  // An engine that stands still for longer than its lease has lost it: so, in steps.
  void advance(Millis by) override {
    while (by > Millis{0}) {
      const Millis step = std::min<Millis>(by, Seconds{5});
      clock.advance(step);
      by -= step;
      settle();
    }
  }
  void crash() override {
    stop();
    heard = Recorder{};
    alive_ = true;
    start();
  }
  void fail_writes() override {
    alive_ = false;
    server().kill();
  }
  std::optional<CallPosition> find(const CallId& id) override {
    for (const FunctionId function : {FunctionId{1}, FunctionId{2}}) {
      std::optional<CallPosition> position;
      store_->seek(function, id, [&](const std::optional<CallPosition>& at) { position = at; });
      settle();
      if (position) return position;
    }
    return std::nullopt;
  }

 private:
  static int& worlds() {
    static int count = 0;
    return count;
  }

  void start() {
    server().start();
    options_.link.target = server().target();
    store_ = std::make_unique<redis::RedisStore>(options_, redis::LinkWorld{wires_, clock, wheel_},
                                                 rng.fork("store"), heard);
    settle();
  }
  void stop() {
    if (store_->incarnation() != 0) options_.predecessor = store_->incarnation();
    store_.reset();
    while (loop_.active_handles() > 0) poll();
  }

  [[nodiscard]] bool quiet() const {
    return store_->at_rest() && (!alive_ || store_->health().ok());
  }
  // What the server has said, or what the wheel has due.
  void turn() {
    wheel_.advance(clock.now());
    if (alive_ && !quiet()) {
      store_->submit();
      store_->at_rest() ? poll() : loop_.run_one_turn();
    } else {
      poll();
    }
    if (!alive_) clock.advance(Seconds{1});
    wheel_.advance(clock.now());
  }
  void poll() {
    loop_.turn_again();
    loop_.run_one_turn();
  }

  const std::string prefix_;
  redis::Options options_;
  bool alive_ = true;
  Loop loop_;
  LoopWires wires_{loop_};
  TimerWheel wheel_{clock.now()};
  std::unique_ptr<redis::RedisStore> store_;
};

}  // namespace convoke::fake
