// Two engines on one Redis, in virtual time: its server is lost at any command, stands still,
// restarts and comes back, while engines die; and a ledger of what must not happen meanwhile.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "queue/redis/bytes.h"
#include "queue/redis/keys.h"
#include "queue/redis/record.h"
#include "queue/redis/store.h"
#include "tests/queue/apart_events.h"
#include "tests/queue/redis_stand_in_world.h"

namespace convoke::fake {

inline constexpr FunctionId kStormFunction{1};

// What the promises are judged by.
struct Ledger {
  void handed_out(const ClaimedCall& call) {
    const CallId& id = call.receipt.id;
    EXPECT_EQ(ended.count(id), 0u) << "handed out after its end: " << id.text();
    const auto last = epochs.find(id);
    if (last != epochs.end()) {
      EXPECT_LT(last->second, call.receipt.epoch) << id.text();
    }
    epochs.insert_or_assign(id, call.receipt.epoch);
  }
  void done(const CallId& id) { EXPECT_TRUE(ended.insert(id).second) << id.text(); }

  std::set<CallId> accepted;  // for certain
  std::set<CallId> ended;     // for certain
  std::map<CallId, Epoch> epochs;
};

class StormEngine final : public QueueListener {
 public:
  StormEngine(Cables& cables, const Clock& clock, TimerWheel& wheel, Ledger& ledger)
      : world_{cables.clients(), clock, wheel}, ledger_(ledger) {}

  void start(Rng rng) {
    redis::Options options;
    options.link.target.address = stand_in::ServerOptions{}.at;
    options.apart = {2, 3};  // the events below, in two pieces
    if (predecessor_) options.predecessors = {*predecessor_};
    store_ = std::make_unique<redis::RedisStore>(options, world_, rng, *this);
  }
  void die() {
    if (store_->incarnation() != 0) predecessor_ = store_->incarnation();
    store_.reset();
    held_.clear();
    heard_ = false;
  }
  void lose_memory() { predecessor_.reset(); }  // of who it was in its last life
  [[nodiscard]] redis::RedisStore& store() { return *store_; }
  [[nodiscard]] bool heard() const { return heard_; }  // that calls are ready
  [[nodiscard]] bool holds() const { return !held_.empty(); }
  [[nodiscard]] std::size_t repeated() const { return repeated_; }  // by their own account

  void accept(NewCall call) {
    const CallId id = call.id;
    store_->accept(std::move(call), [this, id](const Result<void>& result) {
      if (result.ok()) ledger_.accepted.insert(id);
    });
  }
  void give_all_back() {
    for (const Receipt& receipt : std::exchange(held_, {})) store_->give_back(receipt);
  }
  void end_one(Rng& rng, bool settles) {
    const auto at = std::next(held_.begin(), static_cast<std::ptrdiff_t>(rng.below(held_.size())));
    const Receipt receipt = *at;
    held_.erase(at);
    if (!settles && rng.one_in(2)) return store_->give_back(receipt);
    if (!settles) {
      return store_->postpone(receipt, world_.clock.wall() + Seconds{2}, Spends::kAttempt, {},
                              [](SettleResult) {});
    }
    Ending ending = rng.one_in(3) ? Settlement::kFailed : Settlement::kSucceeded;
    if (ending.settlement == Settlement::kFailed) {
      ending.event = std::make_shared<const std::string>("event");
    }
    store_->settle(receipt, ending, [this, id = receipt.id](SettleResult result) {
      if (result == SettleResult::kDone) ledger_.done(id);
    });
  }

 private:
  void on_ready(FunctionId) override { heard_ = true; }
  void on_claimed(FunctionId, std::vector<ClaimedCall> calls) override {
    for (const ClaimedCall& call : calls) {
      ledger_.handed_out(call);
      EXPECT_FALSE(call.event_lost);
      EXPECT_TRUE(call.event == "event" || call.event.empty()) << call.event;
      held_.push_back(call.receipt);
      if (call.maybe_repeated) ++repeated_;
    }
  }

  const redis::LinkWorld world_;
  Ledger& ledger_;
  std::optional<std::uint64_t> predecessor_;
  std::unique_ptr<redis::RedisStore> store_;
  std::vector<Receipt> held_;
  std::size_t repeated_ = 0;
  bool heard_ = false;
};

class Storm {
 public:
  explicit Storm(std::uint64_t seed) : rng_(Rng::seeded(seed)) {
    for (StormEngine& engine : engines_) engine.start(rng_.fork("store"));
  }

  void rage(int steps) {
    for (int i = 0; i < steps; ++i) {
      StormEngine& engine = engines_[rng_.below(2)];
      if (rng_.one_in(20)) fault(engine);
      act(engine);
      turn(
          Millis{static_cast<std::int64_t>(rng_.one_in(30) ? rng_.below(20'000) : rng_.below(50))});
    }
  }
  void calm() {
    server_.start();
    server_.resume();
    for (int i = 0; i < 2'000 && !all_is_over(); ++i) {
      for (StormEngine& engine : engines_) {
        engine.store().claim(kStormFunction, 5);
        while (engine.holds()) engine.end_one(rng_, true);
      }
      turn(Millis{200});
    }
  }
  void judge() {
    const redis::FunctionKeys keys("convoke", kStormFunction);
    auto& data = server_.commands().data();
    EXPECT_TRUE(all_is_over());
    const auto* const stream = data.find<stand_in::Stream>(keys.all()[0]);
    EXPECT_TRUE(stream == nullptr || stream->entries.empty());
    EXPECT_EQ(data.find<stand_in::SortedSet>(keys.all()[1]), nullptr);
    judge_records(data);
    if (auto* const counts = data.find<stand_in::Hash>(keys.all()[2])) {
      EXPECT_EQ((*counts)["accepted"], (*counts)["settled"]);
      EXPECT_EQ((*counts)["claimed"], "0");
    }
  }
  [[nodiscard]] std::size_t accepted() const { return ledger_.accepted.size(); }

  // Step by step, for tests of one story.
  [[nodiscard]] StormEngine& engine() { return engines_[0]; }
  [[nodiscard]] StormEngine& other() { return engines_[1]; }
  [[nodiscard]] stand_in::Server& server() { return server_; }
  void pass(Millis time) {
    for (; time > Millis{0}; time -= Millis{100}) turn(std::min(time, Millis{100}));
  }
  void accept_one(FunctionId function = kStormFunction) {
    NewCall one;
    one.id = CallId::from_random(++made_, 1);
    one.function = function;
    one.accepted = one.due = clock_.wall();
    engine().accept(std::move(one));
  }
  void begin_with_one() {
    pass(Seconds{1});
    accept_one();
    pass(Seconds{1});
  }
  // So that nobody hears of a call but by looking for what waits.
  [[nodiscard]] bool is_cried(FunctionId function) {
    const auto* const waiting =
        server_.commands().data().find<stand_in::SortedSet>("convoke:waiting");
    return waiting != nullptr && waiting->scores().count(std::to_string(function.value)) > 0;
  }
  void forget_cries() { (void)server_.commands().data().erase("convoke:waiting"); }
  void begin_with_one_claimed() {
    begin_with_one();
    engine().store().claim(kStormFunction, 1);
    pass(Seconds{1});
  }

 private:
  // R3, R6 and R7, where all calls have ended.
  static void judge_records(stand_in::Data& data) {
    using redis::FunctionKeys;
    const FunctionKeys keys("convoke", kStormFunction);
    const auto& history = keys.history();
    const auto ids = [&](FunctionKeys::HistoryKey key) {
      const auto* const set = data.find<stand_in::SortedSet>(history[key]);
      std::set<std::string> all;
      if (set == nullptr) return all;
      for (const auto& [id, score] : set->scores()) all.insert(id);
      return all;
    };
    std::set<std::string> named;
    std::set<std::string> failed;
    std::set<std::string> over;
    std::map<std::string, std::string> names;
    if (auto* const records = data.find<stand_in::Hash>(history[FunctionKeys::kRecords])) {
      for (const auto& [id, bytes] : *records) {
        const auto kept = redis::parse_record(kStormFunction, redis::get_call_id(id), bytes);
        ASSERT_TRUE(kept);
        EXPECT_TRUE(has_ended(kept->record.state)) << kept->record.name;
        over.insert(id);
        if (kept->record.state == CallState::kFailed) failed.insert(id);
        if (kept->record.name.empty()) continue;
        named.insert(id);
        names[kept->record.name] = id;
      }
    }
    EXPECT_EQ(ids(FunctionKeys::kNamed), named);
    EXPECT_EQ(ids(FunctionKeys::kFailed), failed);
    EXPECT_EQ(ids(FunctionKeys::kOver), over);
    auto* const in_use = data.find<stand_in::Hash>(keys.names());
    EXPECT_EQ(in_use == nullptr ? stand_in::Hash{} : *in_use, names) << "names are left";
    EXPECT_EQ(data.find<stand_in::Hash>(history[FunctionKeys::kUnderWay]), nullptr);
    EXPECT_EQ(events_that_stay(data, keys), events_of_records(data, keys));
  }
  NewCall call() {
    NewCall made;
    made.id = CallId::from_random(rng_.next(), rng_.next());
    made.function = kStormFunction;
    made.accepted = made.due = clock_.wall();
    if (rng_.one_in(3)) made.due += Seconds{3};
    if (rng_.one_in(3)) made.name = "@n" + std::to_string(rng_.below(5));
    if (rng_.one_in(4)) made.name = "job-" + std::to_string(++made_);
    if (!rng_.one_in(3)) made.event = "event";
    return made;
  }
  void act(StormEngine& engine) {
    switch (rng_.below(4)) {
      case 0:
        return engine.accept(call());
      case 1:
        return engine.store().claim(kStormFunction, 1 + rng_.below(3));
      default:
        if (engine.holds()) engine.end_one(rng_, rng_.one_in(2));
    }
  }
  void fault(StormEngine& engine) {
    const auto loss = rng_.one_in(2) ? stand_in::Loss::kBefore : stand_in::Loss::kAfter;
    switch (rng_.below(8)) {
      case 0:
        return server_.crash();
      case 1:
        return server_.pause();
      case 2:
        return server_.lose_connections();
      case 3:
        if (!rng_.one_in(3)) return;
        engine.die();
        return engine.start(rng_.fork("again"));
      case 4:
        return server_.lose_connection(loss, rng_.below(6));
      default:
        server_.start();
        return server_.resume();
    }
  }
  void turn(Millis passes) {
    for (StormEngine& engine : engines_) engine.store().submit();
    cables_.turn();
    clock_.advance(passes);
    wheel_.advance(clock_.now());
  }
  [[nodiscard]] bool all_is_over() {
    const redis::FunctionKeys keys("convoke", kStormFunction);
    auto& data = server_.commands().data();
    const auto* const stream = data.find<stand_in::Stream>(keys.all()[0]);
    return (stream == nullptr || stream->entries.empty()) &&
           data.find<stand_in::SortedSet>(keys.all()[1]) == nullptr &&
           std::none_of(engines_.begin(), engines_.end(),
                        [](const StormEngine& engine) { return engine.holds(); }) &&
           std::all_of(engines_.begin(), engines_.end(),
                       [](StormEngine& engine) { return engine.store().at_rest(); });
  }

  Rng rng_;
  std::uint64_t made_ = 0;
  FakeClock clock_;
  TimerWheel wheel_{clock_.now()};
  Cables cables_;
  ServerClock server_clock_{clock_};
  stand_in::Server server_{cables_.server(), server_clock_, {}};
  Ledger ledger_;
  std::array<StormEngine, 2> engines_{StormEngine{cables_, clock_, wheel_, ledger_},
                                      StormEngine{cables_, clock_, wheel_, ledger_}};
};

}  // namespace convoke::fake
