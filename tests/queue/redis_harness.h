// A RedisStore in virtual time that can be crashed and started again; whose server it is, and how
// bytes come and go, is for those who derive from it.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "queue/redis/store.h"
#include "tests/queue/harness.h"

namespace convoke::fake {

// So small that many of the tests' events lie apart.
inline constexpr std::size_t kEntryBytesMax = 100;
inline constexpr std::size_t kPieceBytes = 60;

class RedisHarness : public StoreHarness {
 public:
  RedisHarness(const Limits& limits, std::string prefix) {
    options_.prefix = std::move(prefix);
    options_.depth_max = limits.depth_max;
    options_.depth_per_function_max = limits.depth_per_function_max;
    options_.apart = {kEntryBytesMax, kPieceBytes};
  }

  [[nodiscard]] Queue& queue() override { return *store_; }
  [[nodiscard]] redis::RedisStore& store() { return *store_; }
  [[nodiscard]] const std::string& prefix() const { return options_.prefix; }
  [[nodiscard]] std::size_t timers() const { return wheel_.size(); }
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
    kill_server();
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

 protected:
  [[nodiscard]] virtual Wires& wires() = 0;
  // Unless it runs; and says where it is.
  [[nodiscard]] virtual redis::Target start_server() = 0;
  virtual void kill_server() = 0;
  // Bytes come and go; if `awaited`, not before some do.
  virtual void carry(bool awaited) = 0;
  // The store is gone: its connection too, when this returns.
  virtual void let_go() = 0;

  // For constructors and destructors of those who derive.
  void start() {
    options_.link.target = start_server();
    store_ = std::make_unique<redis::RedisStore>(options_, redis::LinkWorld{wires(), clock, wheel_},
                                                 rng.fork("store"), heard);
    settle();
  }
  void stop() {
    if (store_->incarnation() != 0) options_.predecessors = {store_->incarnation()};
    store_.reset();
    let_go();
  }

 private:
  [[nodiscard]] bool quiet() const {
    return store_->at_rest() && (!alive_ || store_->health().ok());
  }
  // What the server has said, or what the wheel has due.
  void turn() {
    wheel_.advance(clock.now());
    if (alive_ && !quiet()) {
      store_->submit();
      carry(!store_->at_rest());
    } else {
      carry(false);
    }
    if (!alive_) clock.advance(Seconds{1});
    wheel_.advance(clock.now());
  }

  redis::Options options_;
  bool alive_ = true;
  TimerWheel wheel_{clock.now()};
  std::unique_ptr<redis::RedisStore> store_;
};

}  // namespace convoke::fake
