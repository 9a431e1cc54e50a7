// Instances that do what chance and the atlas say, in virtual time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/stage.h"
#include "workers/worker.h"

namespace convoke::sim {

inline constexpr Millis kTermToKill{500};  // as a process instance has it

// Runs something as a turn of the shard, unless its engine has died by then.
using TurnIn = std::function<void(Duration, std::function<void()>)>;

class ScriptedInstance final : public Instance {
 public:
  ScriptedInstance(Stage& stage, Rng& rng, const TurnIn& turn_in, FunctionPtr function,
                   InstanceListener& listener);
  void invoke(Attempt attempt) override;
  void stop(StopHow how) override;
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] double memory_peak_mb() const override { return 1; }

 private:
  struct Inside {
    CallId id;
    bool never_seen = false;  // it came when the process was dead
  };
  void start();
  void fail_start(Duration after, ErrorCode why);
  void become_ready();
  void in(Duration delay, std::function<void()> what);  // unless destroyed by then
  void reply(const CallId& id, Reply reply);
  void answer(const CallId& id);
  [[nodiscard]] bool holds(const CallId& id) const;
  void call_on(const CallId& id, const CarriedLineage& with);
  void die();              // by itself: what is inside dies with it
  void end(bool by_stop);  // all replies, and then gone
  void say_last_words(bool by_stop);
  [[nodiscard]] Reply last_word(const Inside& call, bool by_stop) const;
  void gone(GoneReason reason, ErrorCode why);

  Stage& stage_;
  Rng& rng_;
  const TurnIn turn_in_;
  const FunctionPtr function_;
  InstanceListener& listener_;
  const std::string id_ = "scripted";
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::vector<Inside> inside_;
  bool ready_ = false;
  bool dead_ = false;  // the process; whether or not all has been said
  bool ended_ = false;
  bool stopping_ = false;
};

class ScriptedWorkers final : public Workers {
 public:
  ScriptedWorkers(Stage& stage, Rng rng, TurnIn turn_in)
      : stage_(stage), rng_(rng), turn_in_(std::move(turn_in)) {}
  std::unique_ptr<Instance> start(FunctionPtr function, InstanceListener& listener) override {
    return std::make_unique<ScriptedInstance>(stage_, rng_, turn_in_, std::move(function),
                                              listener);
  }

 private:
  Stage& stage_;
  Rng rng_;
  TurnIn turn_in_;
};

}  // namespace convoke::sim
