// What the contract suite needs of a store: a world of its own in virtual time, that can die.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/rng.h"
#include "queue/queue.h"

namespace convoke::fake {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override { return wall_; }

  void advance(Millis by) {
    now_ += by;
    wall_ += by;
  }
  void step_wall(Millis by) { wall_ += by; }

 private:
  Instant now_{Seconds{1000}};
  WallTime wall_ = wall_from_ms(1'700'000'000'000);
};

// Remembers what a store said.
class Recorder final : public QueueListener {
 public:
  void on_ready(FunctionId function) override { ++ready[function.value]; }
  void on_claimed(FunctionId function, std::vector<ClaimedCall> calls) override {
    ++answers;
    auto& all = claimed[function.value];
    for (ClaimedCall& call : calls) all.push_back(std::move(call));
  }

  void on_stop_asked(FunctionId, const CallId& id,
                     std::function<void(StopResult)> stopped) override {
    stops_asked.emplace_back(id, std::move(stopped));
  }

  std::vector<ClaimedCall> take(FunctionId function) {
    return std::exchange(claimed[function.value], {});
  }

  std::map<std::uint64_t, int> ready;
  std::map<std::uint64_t, std::vector<ClaimedCall>> claimed;
  int answers = 0;  // of claims
  std::vector<std::pair<CallId, std::function<void(StopResult)>>> stops_asked;
};

struct Limits {
  std::uint64_t depth_max = 1'000'000;
  std::uint64_t depth_per_function_max = 1'000'000;
};

class StoreHarness {
 public:
  virtual ~StoreHarness() = default;
  [[nodiscard]] virtual Queue& queue() = 0;
  // Turns, until nothing is left to be said; time stands still.
  virtual void settle() = 0;
  // One turn: sends what was asked, hears nothing yet.
  virtual void end_turn() = 0;
  // The engine dies here, with all that was not acknowledged; another takes its calls over.
  virtual void crash() = 0;
  // Sends, and hears one thing at most.
  virtual void step() = 0;
  virtual void fail_writes() = 0;  // the next one, and so all that follow
  virtual void advance(Millis by) = 0;
  // Where a call stands, for one who asks after all was settled.
  virtual std::optional<CallPosition> find(const CallId& id) { return queue().find(id); }

  FakeClock clock;
  Recorder heard;
  Rng rng = Rng::seeded(1);

  NewCall call(FunctionId function, std::string event = "event") {
    NewCall made;
    made.id = CallId::from_random(rng.next(), rng.next());
    made.function = function;
    made.event = std::move(event);
    made.accepted = made.due = clock.wall();
    return made;
  }

  Result<void> accept(NewCall call) {
    std::optional<Result<void>> answer;
    queue().accept(std::move(call), [&answer](Result<void> result) { answer = std::move(result); });
    settle();
    ENSURE(answer.has_value());
    return *std::move(answer);
  }
  CallId accepted(FunctionId function, std::string event = "event") {
    NewCall made = call(function, std::move(event));
    const CallId id = made.id;
    ENSURE(accept(std::move(made)).ok());
    return id;
  }
  std::vector<ClaimedCall> claim(FunctionId function, std::size_t max = 1) {
    const int before = heard.answers;
    queue().claim(function, max);
    settle();
    ENSURE(heard.answers == before + 1);
    return heard.take(function);
  }
  SettleResult settled(const Receipt& receipt, Ending ending = Settlement::kSucceeded) {
    std::optional<SettleResult> answer;
    queue().settle(receipt, std::move(ending), [&answer](SettleResult result) { answer = result; });
    settle();
    ENSURE(answer.has_value());
    return *answer;
  }
  StopResult stopped(const CallId& id, FunctionId function = FunctionId{1}) {
    std::optional<StopResult> answer;
    queue().stop(function, id, [&answer](StopResult result) { answer = result; });
    settle();
    ENSURE(answer.has_value());
    return *answer;
  }
  SettleResult postponed(const Receipt& receipt, WallTime due, Spends spends = Spends::kAttempt) {
    std::optional<SettleResult> answer;
    queue().postpone(receipt, due, spends, {}, [&answer](SettleResult result) { answer = result; });
    settle();
    ENSURE(answer.has_value());
    return *answer;
  }
};

[[nodiscard]] inline bool conserved(const QueueCounts& counts) {
  return counts.accepted == counts.ready + counts.delayed + counts.claimed + counts.settled;
}

}  // namespace convoke::fake
