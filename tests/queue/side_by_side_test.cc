// The journal and the naive store side by side: the same random steps, the same answers.
//
// A few things are asked of both in one turn; then both come to rest, and all that can be seen of
// them is compared: every answer, every claim and its order, counts, look-ups. In a crash the model
// keeps of what was under way whatever the journal turns out to have kept. Nothing here knows how
// the journal works, only that its segments are small: they are recycled and compacted on the way.
//
// Calls are accepted at even milliseconds and fall due at odd ones, each at its own: so there is
// one right order. What clocks that step do is for journal_model_test.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>

#include "tests/queue/journal_world.h"
#include "tests/queue/model_store.h"

namespace convoke::fake {
namespace {

struct Shape {
  std::uint64_t seeds = 0;
  int turns = 0;
  std::uint32_t backlog = 0;  // calls that wait before the first turn
};

// One of the two, and what it has said.
struct Side {
  StoreHarness& world;
  std::map<int, std::string> said{};  // by the number of what was asked
  std::map<CallId, Receipt> held{};
  std::map<CallId, Receipt> spent{};

  Queue& queue() { return world.queue(); }
};

std::string text(const Result<void>& result) {
  return result.ok() ? "ok" : fmt::format("error {}", static_cast<int>(result.error().code));
}
std::string text(const ClaimedCall& call) {
  return fmt::format("{} of {} '{}' '{}' '{}' accepted {} due {}, {} errors, {} retries{}",
                     call.receipt.id.text(), call.receipt.function.value, call.qualifier, call.name,
                     call.event.substr(0, 20), to_ms(call.accepted), to_ms(call.due),
                     call.function_errors, call.retries, call.maybe_repeated ? ", repeated" : "");
}
std::string text(const QueueCounts& counts) {
  return fmt::format("{} = {} ready + {} delayed + {} claimed + {} settled", counts.accepted,
                     counts.ready, counts.delayed, counts.claimed, counts.settled);
}
std::string text(const std::optional<CallPosition>& at) {
  if (!at) return "nowhere";
  return fmt::format("{} of {}, accepted {} due {}, {} retries{}", name_of(at->state),
                     at->function.value, to_ms(at->accepted), to_ms(at->due), at->retries,
                     at->ahead ? ", in the queue" : "");
}
std::string text(const std::optional<WallTime>& time) {
  return time ? std::to_string(to_ms(*time)) : "never";
}

class SideBySide {
 public:
  SideBySide(std::uint64_t seed, const Shape& shape)
      : rng_(Rng::seeded(seed)),
        shape_(shape),
        limits_(draw_limits()),
        journal_(draw_options(), {0, 1}),
        model_(limits_) {
    asks_max_ = 1 + static_cast<int>(rng_.below(12));
    crash_one_in_ = 20 + rng_.below(200);
    deletion_one_in_ = 30 + rng_.below(300);
    delayed_one_in_ = 2 + rng_.below(10);
    claim_max_ = 1 + rng_.below(20);
    for (std::uint64_t& function : functions_) function = ++last_function_;
  }

  void run() {
    for (std::uint32_t i = 0; i < shape_.backlog && !failed(); ++i) {
      accept(draw_name());
      if (i % 100 == 99) rest();
    }
    for (int i = 0; i < shape_.turns && !failed(); ++i) turn();
    drain();
  }

 private:
  static bool failed() { return ::testing::Test::HasFailure(); }

  Limits draw_limits() {
    Limits limits;
    if (shape_.backlog == 0 && rng_.one_in(3)) limits = {30, 15};
    return limits;
  }
  journal::Options draw_options() {
    journal::Options options;
    options.segment_bytes = journal::kSegmentBytesMin << rng_.below(3);
    options.event_bytes_in_memory_max = rng_.one_in(2) ? rng_.below(5000) : 1UL << 20;
    options.depth_max = limits_.depth_max;
    options.depth_per_function_max = limits_.depth_per_function_max;
    if (!rng_.one_in(3)) JournalWorld::spill_most(options, rng_);
    return options;
  }

  // ---- turns ----

  void turn() {
    pass(Millis{2});
    const int asks = 1 + static_cast<int>(rng_.below(static_cast<std::uint64_t>(asks_max_)));
    if (rng_.one_in(3)) {
      ask_while_it_works(asks);
    } else {
      for (int i = 0; i < asks; ++i) ask();
    }
    if (rng_.one_in(crash_one_in_)) return crash();
    rest();
    if (rng_.one_in(4)) pass(Millis{2 * rng_.below(rng_.one_in(8) ? 5000 : 50)});
    if (rng_.one_in(deletion_one_in_)) delete_function();
  }

  void ask() {
    ++asked_;
    const std::uint64_t what = rng_.below(100);
    if (what < 34) return accept(draw_name());
    if (what < 50) return claim(any_function(), 1 + rng_.below(claim_max_));
    if (what < 72) return settle(rng_.one_in(4) ? draw_end_and_successor() : draw_end());
    if (what < 80) return postpone();
    if (what < 87) return give_back();
    if (what < 93) return stop();
    use_spent();
  }

  // The disk works meanwhile: what is asked here has the same answer however far that has come.
  void ask_while_it_works(int asks) {
    for (const std::uint64_t function : functions_) {
      claim(FunctionId{function}, 1 + rng_.below(claim_max_));
    }
    for (int i = 0; i < asks; ++i) {
      ++asked_;
      const std::uint64_t what = rng_.below(4);
      if (what == 0 && limits_.depth_max == Limits{}.depth_max) accept("");
      if (what == 1) settle(draw_end());
      if (what == 2) postpone();
      if (what == 3) give_back();
      for (std::uint64_t steps = rng_.below(4); steps > 0; --steps) journal_.step();
    }
  }

  // Both come to rest, and are the same.
  void rest() {
    for (Side& side : sides_) side.world.settle();
    compare();
  }

  // Stops wherever something falls due: so each joins at its own moment.
  void pass(Millis by) {
    const WallTime until = wall() + by;
    while (!dues_.empty() && *dues_.begin() <= until) {
      const WallTime due = *dues_.begin();
      dues_.erase(dues_.begin());
      if (due > wall()) advance_to(due);
    }
    advance_to(until);
    compare();
  }
  void advance_to(WallTime time) {
    const Millis by = time - wall();
    for (Side& side : sides_) side.world.advance(by);
  }

  // ---- what is asked ----

  void accept(std::string name) {
    NewCall call = journal_.call(any_function(), event());
    call.qualifier = rng_.one_in(3) ? "LATEST" : "";
    call.name = std::move(name);
    if (rng_.one_in(delayed_one_in_)) call.due = draw_due();
    known_.push_back(call.id);
    for (Side& side : sides_) {
      side.queue().accept(call, [this, &side, n = asked_, id = call.id](const Result<void>& ok) {
        side.said[n] += "accept " + text(ok);
        if (ok.ok() && &side == sides_.data()) acknowledged_.insert(id);
      });
    }
    ++asked_;
  }

  void claim(FunctionId function, std::size_t max) {
    if (!claimed_from_.insert(function).second) return;  // one answer a turn: they are told apart
    for (Side& side : sides_) side.queue().claim(function, max);
  }

  void settle(const Ending& ending) {
    const CallId id = any_held();
    if (id != CallId{}) end(id, ending);
  }

  void end(CallId id, const Ending& ending) {  // a copy: what it may name is erased here
    for (Side& side : sides_) {
      side.queue().settle(spend(side, id), ending, note(side, "settle"));
    }
    ++asked_;
  }

  void postpone() {
    const CallId id = any_held();
    if (id == CallId{}) return;
    const WallTime due = draw_due();
    const Spends spends = rng_.one_in(2) ? Spends::kAttempt : Spends::kAge;
    for (Side& side : sides_) {
      side.queue().postpone(spend(side, id), due, spends, {}, note(side, "postpone"));
    }
    ++asked_;
  }

  void give_back() {
    const CallId id = any_held();
    if (id == CallId{}) return;
    for (Side& side : sides_) side.queue().give_back(spend(side, id));
  }

  void stop() {
    if (known_.empty()) return;
    const CallId id = any_known();
    const FunctionId any{};  // neither store asks
    for (Side& side : sides_) {
      side.queue().stop(any, id, [&side, n = asked_](StopResult result) {
        side.said[n] += fmt::format("stop {}", static_cast<int>(result));
      });
    }
    ++asked_;
  }

  void use_spent() {
    if (sides_[0].spent.empty()) return;
    const CallId id = any_of(sides_[0].spent);
    for (Side& side : sides_) {
      const Receipt receipt = side.spent.at(id);
      side.queue().settle(receipt, Settlement::kSucceeded, note(side, "spent"));
      side.queue().postpone(receipt, wall(), Spends::kAge, {}, note(side, "spent"));
      side.queue().give_back(receipt);
    }
    ++asked_;
  }

  // What was queued for it ends as invalid, when it is ready; another takes its place.
  void delete_function() {
    std::uint64_t& slot = functions_[rng_.below(functions_.size())];
    const FunctionId old{std::exchange(slot, ++last_function_)};
    deleted_.push_back(old);
    run_off(old, Settlement::kInvalid);
  }

  void run_off(FunctionId function, Settlement settlement) {
    while (sides_[1].queue().counts(function).ready > 0 && !failed()) {
      pass(Millis{2});
      claim(function, 100);
      rest();
      std::vector<CallId> ids;
      for (const auto& [id, receipt] : sides_[0].held) {
        if (receipt.function == function) ids.push_back(id);
      }
      for (const CallId& id : ids) end(id, settlement);
      rest();
    }
  }

  // Everything comes to its end.
  void drain() {
    while (!sides_[0].held.empty()) end(sides_[0].held.begin()->first, Settlement::kSucceeded);
    rest();
    advance_to(dues_.empty() ? wall() : std::max(wall(), *dues_.rbegin() + Millis{1}));
    // Whatever fell due in that one step may come in any order: it is only counted.
    for (Side& side : sides_) side.world.settle();
    for (std::uint64_t function = 1; function <= last_function_ && !failed(); ++function) {
      for (Side& side : sides_) {
        for (const ClaimedCall& call : side.world.claim(FunctionId{function}, ~std::size_t{0})) {
          EXPECT_EQ(side.world.settled(call.receipt), SettleResult::kDone);
        }
      }
    }
    for (Side& side : sides_) {
      const QueueCounts counts = side.queue().counts();
      EXPECT_EQ(counts.accepted, counts.settled);
    }
    EXPECT_EQ(text(sides_[0].queue().counts()), text(sides_[1].queue().counts()));
  }

  // ---- a crash ----

  void crash() {
    const std::uint64_t steps = rng_.below(6);
    for (std::uint64_t i = 0; i < steps; ++i) {
      journal_.end_turn();
      (void)journal_.turn();
    }
    journal_.stop(static_cast<Unsynced>(rng_.below(3)));
    const Millis down{2 * rng_.below(rng_.one_in(3) ? 2000 : 20)};
    for (Side& side : sides_) side.world.clock.advance(down);
    if (rng_.one_in(3)) std::swap(journals_[0], journals_[1]);
    journal_.use_journals(journals_);
    const auto started = journal_.start();
    ASSERT_TRUE(started.ok()) << started.error().message;
    model_.crash([this](const ModelStore::Record& record) { return survived(record); });
    for (Side& side : sides_) {
      side.said.clear();
      side.held.clear();
      side.spent.clear();
    }
    claimed_from_.clear();
    acknowledged_.clear();
    compare();
  }

  bool survived(const ModelStore::Record& record) {
    const CallId id = record.kept.call.id;
    const auto found = sides_[0].queue().find(id);
    switch (record.what) {
      case ModelStore::Record::What::kAccept:
        EXPECT_TRUE(found || !acknowledged_.contains(id)) << "an acknowledged call is lost";
        return found.has_value();
      case ModelStore::Record::What::kPostpone:
        return found && found->retries == record.kept.retries;
      case ModelStore::Record::What::kEnd:
        return !found;
    }
    return false;
  }

  // ---- what can be seen ----

  void compare() {
    if (failed()) return;
    SCOPED_TRACE(fmt::format("after {} things were asked", asked_));
    for (const FunctionId function : std::exchange(claimed_from_, {})) compare_claims(function);
    EXPECT_EQ(sides_[0].said, sides_[1].said);
    for (Side& side : sides_) side.said.clear();
    acknowledged_.clear();
    same([](Side& side) { return text(side.queue().counts()); });
    same([](Side& side) { return text(side.queue().health()); });
    for (const std::uint64_t function : functions_) compare_function(FunctionId{function});
    for (const FunctionId function : deleted_) compare_function(function);
    for (int i = 0; i < 8 && !known_.empty(); ++i) {
      const CallId id =
          i < 4 ? any_known()
                : known_[known_.size() - 1 - rng_.below(std::min<std::size_t>(known_.size(), 20))];
      same([&](Side& side) { return text(side.queue().find(id)); });
    }
    for (Side& side : sides_) side.world.heard.ready.clear();
  }

  void compare_function(FunctionId function) {
    same([&](Side& side) { return text(side.queue().counts(function)); });
    same([&](Side& side) { return text(side.queue().oldest_ready(function)); });
    same([&](Side& side) { return side.world.heard.ready[function.value] > 0; });
  }

  void compare_claims(FunctionId function) {
    const auto journal = sides_[0].world.heard.take(function);
    const auto model = sides_[1].world.heard.take(function);
    ASSERT_EQ(journal.size(), model.size());
    for (std::size_t i = 0; i < journal.size(); ++i) {
      ASSERT_EQ(text(journal[i]), text(model[i])) << i << " of " << model.size();
      ASSERT_EQ(journal[i].event, model[i].event);
      sides_[0].held[journal[i].receipt.id] = journal[i].receipt;
      sides_[1].held[model[i].receipt.id] = model[i].receipt;
    }
  }

  template <class See>
  void same(See see) {
    EXPECT_EQ(see(sides_[0]), see(sides_[1])) << "the journal, and the model";
  }

  // ---- drawing ----

  [[nodiscard]] WallTime wall() const { return model_.clock.wall(); }
  FunctionId any_function() {
    if (!deleted_.empty() && rng_.one_in(10)) return deleted_[rng_.below(deleted_.size())];
    return FunctionId{functions_[rng_.below(functions_.size())]};
  }
  std::string event() {
    return std::string(rng_.below(rng_.one_in(10) ? 1500 : 150),
                       static_cast<char>('a' + rng_.below(26)));
  }
  std::string draw_name() {
    return rng_.one_in(6) ? std::string(1, static_cast<char>('A' + rng_.below(6))) : "";
  }
  Ending draw_end() {
    Ending ending = static_cast<Settlement>(rng_.below(5));
    ending.result.assign(rng_.below(rng_.one_in(10) ? 9000 : 200), 'r');
    ending.report.message = "as it went";
    if (ending.settlement == Settlement::kFailed) {
      ending.event = std::make_shared<const std::string>(event());
    }
    return ending;
  }
  Ending draw_end_and_successor() {
    Ending ending = draw_end();
    NewCall successor = journal_.call(any_function(), "successor");
    successor.name = fmt::format("@{}", rng_.below(5));
    known_.push_back(successor.id);
    ending.successor = std::move(successor);
    return ending;
  }
  WallTime draw_due() {
    WallTime due = wall() + Millis{1 + 2 * rng_.below(rng_.one_in(8) ? 5000 : 200)};
    while (!dues_.insert(due).second) due += Millis{2};
    return due;
  }
  CallId any_of(const std::map<CallId, Receipt>& receipts) {
    if (receipts.empty()) return {};
    const auto found = receipts.lower_bound(CallId::from_random(rng_.next(), rng_.next()));
    return found == receipts.end() ? receipts.begin()->first : found->first;
  }
  CallId any_known() { return known_[rng_.below(known_.size())]; }
  CallId any_held() { return any_of(sides_[0].held); }
  static Receipt spend(Side& side, const CallId& id) {
    const Receipt receipt = side.held.at(id);
    side.held.erase(id);
    side.spent[id] = receipt;
    return receipt;
  }
  Queue::Settled note(Side& side, const char* what) const {
    return [&side, what, n = asked_](SettleResult result) {
      side.said[n] += fmt::format("{} {} ", what, static_cast<int>(result));
    };
  }

  Rng rng_;
  const Shape shape_;
  const Limits limits_;
  JournalWorld journal_;
  ModelWorld model_;
  std::array<Side, 2> sides_{Side{journal_}, Side{model_}};
  std::array<std::uint64_t, 3> functions_{};
  std::uint64_t last_function_ = 0;
  std::vector<FunctionId> deleted_;
  std::vector<std::uint32_t> journals_{0, 1};
  std::vector<CallId> known_;
  std::set<WallTime> dues_;  // still to come, and each used once
  std::set<FunctionId> claimed_from_;
  std::set<CallId> acknowledged_;  // in this turn, by the journal
  int asked_ = 0;
  int asks_max_ = 0;
  std::uint64_t crash_one_in_ = 0;
  std::uint64_t deletion_one_in_ = 0;
  std::uint64_t delayed_one_in_ = 0;
  std::size_t claim_max_ = 0;
};

void run(const Shape& shape) {
  for (std::uint64_t seed = 1; seed <= shape.seeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SideBySide(seed, shape).run();
  }
}

TEST(SideBySide, TheJournalAnswersAsTheNaiveStoreDoes) { run({50, 300, 0}); }
TEST(SideBySide, WithThousandsThatWaitToo) { run({3, 300, 4000}); }

}  // namespace
}  // namespace convoke::fake
