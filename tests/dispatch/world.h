// Several shards' dispatchers on one thread, in virtual time, with scripted instances: a seeded
// scheduler decides in which order mailboxes, instances and timers move.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/dispatch/dispatcher.h"
#include "core/dispatch/pump.h"
#include "core/edge/rng.h"
#include "core/guard/lineage_guard.h"
#include "core/guard/root_ledger.h"
#include "core/model/pace_rule.h"
#include "core/model/recursion_rule.h"

namespace convoke::testing {

class VirtualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override {
    return wall_from_ms(1'700'000'000'000 + now_.time_since_epoch() / Millis{1});
  }
  void advance(Duration by) { now_ += by; }

 private:
  Instant now_{};
};

class World;

// An instance that does what the world's script says, when the world's scheduler lets it.
class ScriptedInstance final : public Instance {
 public:
  ScriptedInstance(World& world, FunctionPtr function, InstanceListener& listener);
  ~ScriptedInstance() override;
  void invoke(Attempt attempt) override;
  void stop(StopHow) override { stopping_ = true; }
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] double memory_peak_mb() const override { return 1; }

  // One thing that can happen next; false: nothing can.
  bool step();
  [[nodiscard]] bool can_step() const;

 private:
  void reply(Reply reply);

  World& world_;
  const FunctionPtr function_;
  InstanceListener& listener_;
  const std::string id_ = "scripted";
  std::deque<CallId> inside_;
  bool ready_ = false;
  bool stopping_ = false;
  bool gone_ = false;
};

// A function's kill switch.
enum class Flip { kOn, kEnds, kDrains };

// The script: what an instance does when it is its turn. Percentages.
struct Script {
  std::uint64_t start_fails = 0;
  std::uint64_t dies = 0;           // with its calls inside
  std::uint64_t hangs = 0;          // keeps a call until it is stopped
  std::uint64_t fails = 0;          // a function error
  std::uint64_t never_reached = 0;  // of the calls inside one that dies: it never saw them
  std::uint32_t room = kUnlimited;  // not a percentage: calls at once; those beyond are refused
};

class ScriptedWorkers final : public Workers {
 public:
  explicit ScriptedWorkers(World& world) : world_(world) {}
  std::unique_ptr<Instance> start(FunctionPtr function, InstanceListener& listener) override;

 private:
  World& world_;
};

// A store that keeps calls in memory, hands them out in order, and answers when it is stepped.
class NaiveQueue final : public Queue {
 public:
  explicit NaiveQueue(QueueListener& listener) : listener_(listener) {}
  void accept(NewCall call, Accepted accepted) override;
  void claim(FunctionId function, std::size_t max) override { claims_.push_back({function, max}); }
  void settle(const Receipt& receipt, Ending ending, Settled settled) override;
  void postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                Settled settled) override;
  void note_started(const Receipt& receipt, WallTime, const std::string&) override {
    started.push_back(receipt.id.text());
  }
  void stop(FunctionId function, const CallId& id, Stopped stopped) override;
  void give_back(const Receipt& receipt) override;
  void submit() override {}
  [[nodiscard]] std::optional<WallTime> oldest_ready(FunctionId function) const override;
  [[nodiscard]] std::optional<CallPosition> find(const CallId&) const override { return {}; }
  [[nodiscard]] QueueCounts counts(FunctionId function) const override;
  [[nodiscard]] QueueCounts counts() const override { return {}; }
  [[nodiscard]] Result<void> health() const override { return {}; }

  bool step(WallTime now);
  [[nodiscard]] std::size_t unsettled() const {
    return ready_.size() + postponed_.size() + claimed_.size();
  }
  bool hands_out = true;  // else claims are answered with nothing
  int claims_answered = 0;
  void say_ready(FunctionId function) { said_.push_back(function); }
  std::map<std::string, Settlement> settlements;
  std::map<std::string, Ending> endings;
  std::vector<std::string> started;  // ids of stateful calls, as note_started() said

 private:
  QueueListener& listener_;
  std::deque<ClaimedCall> ready_;
  std::vector<std::pair<WallTime, ClaimedCall>> postponed_;
  std::map<CallId, ClaimedCall> claimed_;
  std::deque<std::pair<FunctionId, std::size_t>> claims_;
  std::deque<FunctionId> said_;  // given back: ready again
  std::deque<std::function<void()>> written_;
};

// Refuses what it is told to, and counts who is about to run and has not been told to be over.
class CountedAttempts final : public AttemptWatch {
 public:
  std::optional<Error> begins(const Call& call) override {
    if (refused.contains(call.id)) return Error{ErrorCode::kRecursiveInvocation, "one too many"};
    EXPECT_TRUE(under_way.insert(call.id).second) << "it has begun already";
    ++begun;
    return std::nullopt;
  }
  void over(const Call& call) override {
    EXPECT_EQ(under_way.erase(call.id), 1U) << "it has never begun";
  }

  std::set<CallId> refused;
  std::set<CallId> under_way;
  int begun = 0;
};

class World {
 public:
  World(std::uint64_t seed, std::uint16_t shards, const DispatchOptions& options = {},
        std::uint32_t account_max = 300);
  ~World();

  FunctionPtr deploy(const std::string& name, std::uint32_t concurrency = 1,
                     Seconds timeout = Seconds{60}, Runtime runtime = Runtime::kCustom);
  FunctionPtr redeploy(const FunctionPtr& old);
  FunctionPtr set_pace(const FunctionPtr& old, const PaceRule& rule);
  FunctionPtr set_budget(const FunctionPtr& old, const Budget& budget);
  void remove(const FunctionPtr& function);
  void set_limit(const FunctionPtr& function, std::uint32_t limit);
  void flip(const FunctionPtr& function, Flip to);  // its reason: "because"
  void configure_async(const FunctionPtr& function, std::uint32_t retries_max, Seconds age_max,
                       const std::string& qualifier = "LATEST");

  // Of that tree, one call below its root; nil: of a tree of its own.
  CallId call(std::uint16_t shard, const FunctionPtr& function, const CallId& root = {});
  CallId enqueue(std::uint16_t shard, const FunctionPtr& function, std::string name = {},
                 const CallId& root = {});
  // Every shard hears of it, in order.
  void stop_tree(const CallId& root);                       // its reason: "because"
  void stop_tree(std::uint16_t shard, const CallId& root);  // this one alone, so far
  // The answer to a stop, once there is one.
  std::shared_ptr<std::optional<StopResult>> stop(std::uint16_t shard, const FunctionPtr& function,
                                                  const CallId& id);
  bool cancel(std::uint16_t shard, const FunctionPtr& function, const CallId& id);

  // One random thing happens; false: nothing can, short of time going on.
  bool step();
  void settle_down();  // steps until nothing moves
  void advance(Duration by);
  void until_quiet(Duration at_most);  // lets time go on until every call has its outcome

  [[nodiscard]] const Outcome* outcome(const CallId& id) const;
  [[nodiscard]] std::size_t outcomes() const { return outcomes_.size(); }
  [[nodiscard]] std::size_t unsettled() const;
  Dispatcher& dispatcher(std::uint16_t shard);
  NaiveQueue& queue(std::uint16_t shard);
  const Pacer& pacer(std::uint16_t shard);

  // Gates and instances agree: no slot was lost, none was made up. Holds when nothing moves.
  void expect_slots_add_up(const FunctionPtr& function);

  Script script;
  Rng rng;
  VirtualClock clock;
  std::uint32_t running = 0;  // calls inside instances, now and at most
  std::uint32_t running_most = 0;
  std::uint32_t live = 0;  // instances started and not gone, now and at most
  std::uint32_t live_most = 0;
  std::vector<CallId> start_order;
  std::vector<std::uint64_t> started_revisions;
  // By birth, not by address: the same seed goes the same way, whatever ran before.
  std::vector<ScriptedInstance*> instances;
  [[nodiscard]] bool lives(const ScriptedInstance* instance) const {
    return std::find(instances.begin(), instances.end(), instance) != instances.end();
  }
  bool frozen = false;             // instances do nothing
  std::optional<Lineage> lineage;  // of calls that are made from now on
  RootLedger ledger;
  GateTable gates;
  AccountPlaces account;
  EngineLease lease;
  CountedAttempts attempts;

 private:
  struct Shard;
  CallId next_id() { return CallId::from_random(rng.next(), rng.next()); }
  void publish(const FunctionPtr& function);
  bool deliver_letter(std::uint16_t to);

  std::uint64_t version_ = 0;
  std::uint64_t next_function_ = 1;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::vector<std::deque<Letter>>> mail_;  // [to][from]
  std::map<CallId, Outcome> outcomes_;
  friend class WorldMail;
  friend struct Shard;
};

}  // namespace convoke::testing
