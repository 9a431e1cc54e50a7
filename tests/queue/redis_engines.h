// Several stores on one real redis-server, as several engines have them, in virtual time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "queue/redis/store.h"
#include "tests/queue/harness.h"
#include "tests/queue/redis_world.h"

namespace convoke::fake {

class RedisEngines {
 public:
  struct Engine {
    Recorder heard;
    std::vector<std::string> alarms;
    std::unique_ptr<redis::RedisStore> store;  // null: it is dead
    bool stands_still = false;
    [[nodiscard]] Queue& queue() const { return *store; }
  };

  // `server`: outlives this; by default the one of all tests. `at`: where it is; by default, its
  // socket.
  explicit RedisEngines(redis::Options options = {},
                        redis::RedisServer& server = RedisWorld::server(),
                        std::optional<redis::Target> at = std::nullopt)
      : options_(std::move(options)), server_(server), at_(std::move(at)) {
    static int count = 0;
    options_.prefix = "engines-" + std::to_string(++count);
  }
  virtual ~RedisEngines() {
    for (auto& engine : engines_) engine->store.reset();
    while (loop_.active_handles() > 0) poll();
  }

  Engine& start(std::optional<std::uint64_t> predecessor = std::nullopt) {
    Engine& engine = begin_to_start(predecessor);
    until([&] { return engine.store->health().ok() && engine.store->at_rest(); });
    return engine;
  }
  Engine& begin_to_start(std::optional<std::uint64_t> predecessor = std::nullopt) {
    server().start();
    engines_.push_back(std::make_unique<Engine>());
    Engine& engine = *engines_.back();
    redis::Options options = options_;
    if (predecessor) options.predecessors = {*predecessor};
    options.link.target = at_.value_or(server().target());
    options.alarm = [&engine](std::string_view what) { engine.alarms.emplace_back(what); };
    engine.store = std::make_unique<redis::RedisStore>(
        std::move(options), redis::LinkWorld{wires_, clock, wheel_},
        rng.fork("engine").fork(std::to_string(engines_.size())), engine.heard);
    return engine;
  }
  static void kill(Engine& engine) { engine.store.reset(); }
  [[nodiscard]] redis::RedisServer& server() { return server_; }

  // Turns of all that do not stand still. Time goes on as it really does, since the server's does.
  void until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      ENSURE(std::chrono::steady_clock::now() < end);
      turn();
    }
  }
  void settle() {
    until([this] {
      for (const auto& engine : engines_) {
        if (acts(*engine) && !engine->store->at_rest()) return false;
      }
      return true;
    });
  }
  // Time that passes while nothing is under way: no answer comes late by it, however slow the
  // server.
  void pass(Millis time) {
    clock.advance(time);
    turn();
    settle();
  }
  void turn() {
    const auto passed = std::chrono::steady_clock::now() - began_;
    const Millis due = std::chrono::duration_cast<Millis>(passed) - followed_;
    followed_ += due;
    clock.advance(due);
    for (const auto& engine : engines_) {
      if (acts(*engine)) engine->store->submit();
    }
    poll();
    wheel_.advance(clock.now());
  }

  NewCall call(FunctionId function, std::string event = "event") {
    NewCall made;
    made.id = CallId::made_at(clock.wall(), rng.next(), rng.next());
    made.function = function;
    made.event = std::move(event);
    made.accepted = made.due = clock.wall();
    return made;
  }
  CallId accepted(Engine& by, FunctionId function, std::string event = "event") {
    const NewCall made = call(function, std::move(event));
    bool done = false;
    by.queue().accept(made, [&done](const Result<void>& result) { done = result.ok(); });
    until([&done] { return done; });
    return made.id;
  }
  std::vector<ClaimedCall> claim(Engine& by, FunctionId function, std::size_t max = 1) {
    const int before = by.heard.answers;
    by.queue().claim(function, max);
    until([&] { return by.heard.answers > before; });
    return by.heard.take(function);
  }
  SettleResult settled(Engine& by, const Receipt& receipt, Ending ending = Settlement::kSucceeded) {
    std::optional<SettleResult> answer;
    by.queue().settle(receipt, std::move(ending), [&](SettleResult result) { answer = result; });
    until([&answer] { return answer.has_value(); });
    return *answer;
  }

  // The server closes all connections; our engines have noticed, and are back.
  void cut_connections() {
    ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
    come_back();
  }
  void come_back() {
    turn();
    until([this] {
      for (const auto& engine : engines_) {
        if (acts(*engine) && !engine->store->health().ok()) return false;
      }
      return true;
    });
    settle();
  }

  // R1: what the server's own counts say of a function (SCHEMA.md). Lost or made up: not 0.
  std::int64_t drift(FunctionId function) {
    const redis::FunctionKeys keys(options_.prefix, function);
    const auto number = [](const std::string& text) { return text.empty() ? 0 : std::stoll(text); };
    const auto& [stream, delayed, counts, leases, names] = keys.all();
    return number(ask({"HGET", counts, "accepted"})) - number(ask({"HGET", counts, "settled"})) -
           number(ask({"XLEN", stream})) - number(ask({"ZCARD", delayed}));
  }
  virtual std::string ask(const std::vector<std::string>& words) { return server().ask(words); }
  [[nodiscard]] const std::string& prefix() const { return options_.prefix; }

  FakeClock clock;
  Rng rng = Rng::seeded(7);

 private:
  static bool acts(const Engine& engine) { return engine.store && !engine.stands_still; }
  void poll() {
    loop_.turn_again();
    loop_.run_one_turn();
  }

  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  Millis followed_{0};
  redis::Options options_;
  redis::RedisServer& server_;
  const std::optional<redis::Target> at_;
  Loop loop_;
  LoopWires wires_{loop_};
  TimerWheel wheel_{clock.now()};
  std::vector<std::unique_ptr<Engine>> engines_;
};

}  // namespace convoke::fake
