// The embedded store against a naive model: thousands of random steps, faults and crashes.
//
// The model knows of each call only what the contract promises: what was acknowledged is so after
// any crash, what was not may be either, and nothing is ever half. Each seed draws its own store,
// fault rates and steps; a failure names its seed.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/queue/journal_world.h"

namespace convoke::fake {
namespace {

constexpr std::uint64_t kFunctions = 3;
constexpr int kSteps = 1500;
constexpr std::uint64_t kSeeds = 60;
constexpr Millis kEndsWait{2};

struct Attempted {
  WallTime due{};
  std::uint32_t function_errors = 0;
  std::uint32_t retries = 0;
};

struct ModelCall {
  FunctionId function;
  std::string name;
  std::string event;
  std::uint64_t sequence = 0;  // in the order of acceptance
  WallTime accepted{};
  WallTime first_due{};
  Attempted now;
  bool direct = true;  // due when accepted and never postponed: its place is its acceptance's
  enum class State { kAccepting, kWaiting, kClaimed, kGone, kUnknown } state = State::kAccepting;
  bool maybe_repeated = false;
  Epoch epoch;
  std::optional<Attempted> postponing;
  bool settling = false;
};
using State = ModelCall::State;

struct ClaimExpected {
  std::size_t size = 0;
  std::vector<CallId> direct;  // those ready then, in order
};

// What the store says goes to the model by way of this.
class Model final {
 public:
  explicit Model(std::uint64_t seed) : rng_(Rng::seeded(seed)), world_(draw_options(), {0, 1}) {
    crash_one_in_ = 100 + rng_.below(600);
    fault_one_in_ = rng_.one_in(2) ? 200 + rng_.below(400) : ~std::uint64_t{0};
    full_one_in_ = rng_.one_in(2) ? 60 + rng_.below(200) : ~std::uint64_t{0};
  }

  void storm() {
    for (int i = 0; i < kSteps && !::testing::Test::HasFatalFailure(); ++i) {
      act();
      hear();
      check_counts();
    }
  }

  // No more faults: everything that was acknowledged is run to its end, once.
  void calm() {
    world_.disk.set_capacity(~std::uint64_t{0});
    crash();
    for (int round = 0; round < 100; ++round) {
      world_.advance(Seconds{2});
      for (std::uint64_t f = 1; f <= kFunctions; ++f) claim(FunctionId{f}, 10);
      world_.settle();
      hear();
      for (const Receipt& receipt : std::exchange(held_, {})) settle(receipt);
      world_.settle();
      hear();
    }
    check_counts();
    for (const auto& [id, call] : calls_) EXPECT_EQ(call.state, State::kGone) << id.text();
    const QueueCounts counts = queue().counts();
    EXPECT_EQ(counts.accepted, counts.settled);
    EXPECT_EQ(world_.store().drained_journals(), std::vector<std::uint32_t>{secondary_});
    crash();
    EXPECT_EQ(queue().counts().accepted, 0U);
  }

 private:
  journal::Options draw_options() {
    journal::Options options;
    options.segment_bytes = rng_.one_in(2) ? 4096 : 8192;
    options.event_bytes_in_memory_max = rng_.one_in(2) ? 1UL << 20 : rng_.below(2000);
    options.depth_max = rng_.one_in(3) ? 20 : 1000;
    options.ends_wait_max = rng_.one_in(2) ? kEndsWait : Millis{0};
    if (rng_.one_in(2)) JournalWorld::spill_most(options, rng_);
    return options;
  }

  Queue& queue() { return world_.queue(); }
  WallTime wall() const { return world_.clock.wall(); }

  void act() {
    if (rng_.one_in(crash_one_in_) || (poisoned_ && rng_.one_in(20))) return crash();
    if (rng_.one_in(fault_one_in_)) {
      world_.disk.fail_syncs();
      poisoned_ = true;  // soon: nothing that is asked from here on is certain
    }
    if (rng_.one_in(full_one_in_)) {
      world_.disk.set_capacity(rng_.one_in(2) ? world_.disk.used() : ~std::uint64_t{0});
    }
    const std::uint64_t what = rng_.below(100);
    if (what < 25) return accept();
    if (what < 35) return claim(FunctionId{1 + rng_.below(kFunctions)}, 1 + rng_.below(4));
    if (what < 46) return with_receipt([this](const Receipt& r) { settle(r); });
    if (what < 50) return with_receipt([this](const Receipt& r) { postpone(r); });
    if (what < 53) return with_receipt([this](const Receipt& r) { give_back(r); });
    if (what < 55) return use_stale_receipt();
    if (what < 58) return world_.advance(Millis{rng_.below(1500)});
    if (what < 59) return world_.clock.step_wall(Millis{rng_.below(4000)} - Millis{2000});
    if (what < 62) return settle_world();
    if (what < 80) return world_.end_turn();
    world_.turn();
  }

  void settle_world() {
    world_.settle();
    world_.advance(kEndsWait);
    hear();
    if (poisoned_) return;
    for (const auto& [id, call] : calls_) {
      EXPECT_FALSE(call.settling) << "a settle waits, though nothing is under way: " << id.text();
    }
  }

  void accept() {
    NewCall made = world_.call(FunctionId{1 + rng_.below(kFunctions)});
    made.event.assign(rng_.one_in(10) ? 1000 + rng_.below(1000) : rng_.below(300),
                      static_cast<char>('a' + rng_.below(26)));
    if (rng_.one_in(4)) made.due += Millis{1 + rng_.below(5000)};
    if (rng_.one_in(8)) made.name = std::string(1, static_cast<char>('A' + rng_.below(4)));
    ModelCall call;
    call.function = made.function;
    call.name = made.name;
    call.event = made.event;
    call.sequence = ++last_sequence_;
    call.accepted = made.accepted;
    call.now.due = call.first_due = made.due;
    call.direct = made.due == made.accepted;
    const NameUse use = use_of_name(made.function, made.name);
    const CallId id = made.id;
    calls_.emplace(id, call);
    queue().accept(std::move(made), [this, id, use, life = life_](const Result<void>& result) {
      EXPECT_EQ(life, life_) << "an answer from beyond a crash";
      ModelCall& mine = calls_.at(id);
      if (result.ok()) {
        EXPECT_NE(use, NameUse::kTaken) << "two unsettled calls of one name";
        mine.state = State::kWaiting;
        return;
      }
      mine.state = poisoned_ ? State::kUnknown : State::kGone;
      if (poisoned_) return;
      const bool exists = result.error().code == ErrorCode::kCallAlreadyExists;
      EXPECT_NE(use, exists ? NameUse::kFree : NameUse::kTaken);
    });
  }

  // kUncertain: of a call whose own acceptance or end is under way.
  enum class NameUse : std::uint8_t { kFree, kUncertain, kTaken };
  NameUse use_of_name(FunctionId function, const std::string& name) const {
    NameUse use = NameUse::kFree;
    for (const auto& [id, call] : calls_) {
      if (name.empty() || call.function != function || call.name != name) continue;
      if (call.state == State::kGone) continue;
      const bool certain =
          !call.settling && (call.state == State::kWaiting || call.state == State::kClaimed);
      if (certain) return NameUse::kTaken;
      use = NameUse::kUncertain;
    }
    return use;
  }

  void claim(FunctionId function, std::size_t max) {
    ClaimExpected expected;
    expected.size =
        std::min<std::size_t>(max, static_cast<std::size_t>(queue().counts(function).ready));
    std::map<std::uint64_t, CallId> ready;
    for (const auto& [id, call] : calls_) {
      if (call.function == function && call.direct && call.state == State::kWaiting) {
        ready[call.sequence] = id;
      }
    }
    for (const auto& [sequence, id] : ready) expected.direct.push_back(id);
    expected_[function.value].push_back(std::move(expected));
    queue().claim(function, max);
    world_.settle();
    hear();
  }

  // Answers to claims, checked against what could be expected when they were made.
  void hear() {
    for (auto& [function, expected] : expected_) {
      if (expected.empty()) continue;
      ASSERT_EQ(expected.size(), 1U);
      const auto calls = world_.heard.take(FunctionId{function});
      if (!poisoned_) {
        EXPECT_EQ(calls.size(), expected.front().size)
            << (world_.alarms.empty() ? "" : world_.alarms.back());
      }
      check_order(calls, expected.front());
      for (const ClaimedCall& call : calls) on_claimed(call);
      expected.clear();
    }
  }

  void check_order(const std::vector<ClaimedCall>& calls, const ClaimExpected& expected) {
    std::size_t next = 0;
    for (const ClaimedCall& call : calls) {
      if (!calls_.at(call.receipt.id).direct) continue;
      ASSERT_LT(next, expected.direct.size());
      EXPECT_EQ(call.receipt.id, expected.direct[next]) << "out of order";
      ++next;
    }
  }

  void on_claimed(const ClaimedCall& call) {
    ModelCall& mine = calls_.at(call.receipt.id);
    EXPECT_EQ(mine.state, State::kWaiting) << "claimed twice, or after its end";
    EXPECT_EQ(call.receipt.function, mine.function);
    EXPECT_EQ(call.event, mine.event);
    EXPECT_EQ(call.name, mine.name);
    EXPECT_EQ(call.accepted, mine.accepted);
    EXPECT_EQ(call.due, mine.first_due);
    EXPECT_EQ(call.function_errors, mine.now.function_errors);
    EXPECT_EQ(call.retries, mine.now.retries);
    EXPECT_EQ(call.maybe_repeated, mine.maybe_repeated);
    EXPECT_GT(call.receipt.epoch, mine.epoch);
    mine.epoch = call.receipt.epoch;
    mine.state = State::kClaimed;
    held_.push_back(call.receipt);
  }

  template <class Use>
  void with_receipt(Use use) {
    if (held_.empty()) return;
    const auto at = held_.begin() + static_cast<std::ptrdiff_t>(rng_.below(held_.size()));
    const Receipt receipt = *at;
    held_.erase(at);
    used_.push_back(receipt);
    use(receipt);
  }

  void settle(const Receipt& receipt) {
    calls_.at(receipt.id).settling = true;
    queue().settle(receipt, Settlement::kSucceeded,
                   [this, id = receipt.id, life = life_](SettleResult result) {
                     EXPECT_EQ(life, life_);
                     if (failed_with(result)) return;
                     calls_.at(id).settling = false;
                     calls_.at(id).state = State::kGone;
                   });
  }

  void postpone(const Receipt& receipt) {
    ModelCall& mine = calls_.at(receipt.id);
    const Spends spends = rng_.one_in(2) ? Spends::kAttempt : Spends::kAge;
    Attempted next = mine.now;
    next.due = wall() + Millis{rng_.below(3000)} - Millis{300};
    ++next.retries;
    if (spends == Spends::kAttempt) ++next.function_errors;
    mine.postponing = next;
    queue().postpone(receipt, next.due, spends, {},
                     [this, id = receipt.id, life = life_](SettleResult result) {
                       EXPECT_EQ(life, life_);
                       if (failed_with(result)) return;
                       ModelCall& call = calls_.at(id);
                       call.now = *std::exchange(call.postponing, std::nullopt);
                       call.state = State::kWaiting;
                       call.direct = false;
                       call.maybe_repeated = false;
                     });
  }

  bool failed_with(SettleResult result) const {
    if (result == SettleResult::kDone) return false;
    EXPECT_TRUE(poisoned_);
    EXPECT_EQ(result, SettleResult::kStoreFailed);
    return true;
  }

  void give_back(const Receipt& receipt) {
    queue().give_back(receipt);
    calls_.at(receipt.id).state = State::kWaiting;
  }

  void use_stale_receipt() {
    if (used_.empty()) return;
    const Receipt receipt = used_[rng_.below(used_.size())];
    const auto stale = [this](SettleResult result) {
      EXPECT_TRUE(result == SettleResult::kStale || poisoned_);
    };
    if (rng_.one_in(2)) return queue().settle(receipt, Settlement::kFailed, stale);
    queue().postpone(receipt, wall(), Spends::kAge, {}, stale);
    queue().give_back(receipt);
  }

  void check_counts() {
    ASSERT_TRUE(conserved(queue().counts()));
    std::uint64_t claimed = 0;
    for (std::uint64_t f = 1; f <= kFunctions; ++f) {
      ASSERT_TRUE(conserved(queue().counts(FunctionId{f})));
      claimed += queue().counts(FunctionId{f}).claimed;
    }
    ASSERT_EQ(claimed, queue().counts().claimed);
  }

  void crash() {
    ++life_;
    poisoned_ = false;
    held_.clear();
    used_.clear();
    expected_.clear();
    const auto unsynced = static_cast<Unsynced>(rng_.below(3));
    world_.stop(unsynced);
    // What only the kernel's cache holds is not certain before it has been synced.
    world_.start_unsettled(unsynced != Unsynced::kKept && rng_.one_in(2));
    if (rng_.one_in(3)) std::swap(primary_, secondary_);
    world_.use_journals({primary_, secondary_});
    const auto started = world_.start();
    ASSERT_TRUE(started.ok()) << started.error().message;
    std::uint64_t present = 0;
    for (auto& [id, call] : calls_) {
      resolve(id, call);
      if (call.state == State::kWaiting) ++present;
    }
    ASSERT_EQ(queue().counts().accepted, present);
  }

  // What the crash made of one call, and whether it may have.
  void resolve(const CallId& id, ModelCall& call) {
    const auto found = queue().find(id);
    if (call.state == State::kGone) {
      EXPECT_FALSE(found) << "it is back from its end";
      return;
    }
    const bool uncertain =
        call.state == State::kAccepting || call.state == State::kUnknown || call.settling;
    EXPECT_TRUE(found || uncertain) << "an acknowledged call is lost";
    call.settling = false;
    call.state = found ? State::kWaiting : State::kGone;
    if (!found) return;
    call.maybe_repeated = true;
    if (call.postponing && found->retries == call.postponing->retries) {
      call.now = *call.postponing;
      call.direct = false;
    }
    call.postponing.reset();
    EXPECT_EQ(found->function, call.function);
    EXPECT_EQ(found->due, call.now.due);
    EXPECT_EQ(found->retries, call.now.retries);
  }

  Rng rng_;
  JournalWorld world_;
  std::map<CallId, ModelCall> calls_;
  std::vector<Receipt> held_;
  std::vector<Receipt> used_;  // in this life: stale by now
  std::map<std::uint64_t, std::vector<ClaimExpected>> expected_;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t crash_one_in_ = 0;
  std::uint64_t fault_one_in_ = 0;
  std::uint64_t full_one_in_ = 0;
  std::uint32_t primary_ = 0;
  std::uint32_t secondary_ = 1;
  int life_ = 0;
  bool poisoned_ = false;
};

TEST(JournalModel, AcknowledgedMeansSoAfterAnyCrash) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed);
    model.storm();
    model.calm();
  }
}

}  // namespace
}  // namespace convoke::fake
