// The naive store: what queue/queue.h promises, over maps, and nothing for speed or size.
//
// The contract's suite runs against it so that a test which no simple store can pass is seen to ask
// for more than the contract does; a differential test runs it beside the journal.
//
// What is asked in a turn is one batch, sent by submit(); step() makes the oldest batch durable and
// gives its answers. `Committed` is all that outlives an engine: a crash is a new ModelStore on it.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/edge/clock.h"
#include "queue/queue.h"
#include "tests/queue/harness.h"

namespace convoke::fake {

class ModelStore final : public Queue {
 public:
  static constexpr std::size_t kEventBytesMax = 1UL << 20;

  // A call's place among the ready ones of its function: when it joined them, and then by number.
  struct Place {
    WallTime joined{};
    std::uint64_t number = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  // All that is durable of an unsettled call.
  struct Kept {
    NewCall call;
    WallTime next{};  // due time of the attempt to come
    std::uint32_t function_errors = 0;
    std::uint32_t retries = 0;
    Place place;
  };
  struct Committed {
    std::map<CallId, Kept> calls;
    std::uint32_t incarnation = 0;
  };
  // One thing to be made durable.
  struct Record {
    enum class What : std::uint8_t { kAccept, kPostpone, kEnd } what;
    Kept kept;  // as it is to be
  };

  ModelStore(Committed& committed, const Limits& limits, const Clock& clock,
             QueueListener& listener);

  void accept(NewCall call, Accepted accepted) override;
  void claim(FunctionId function, std::size_t max) override;
  void settle(const Receipt& receipt, Ending ending, Settled settled) override;
  void postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                Settled settled) override;
  void give_back(const Receipt& receipt) override;
  void note_started(const Receipt&, WallTime, const std::string&) override {}
  void stop(FunctionId function, const CallId& id, Stopped stopped) override;
  void submit() override;
  [[nodiscard]] std::optional<WallTime> oldest_ready(FunctionId function) const override;
  [[nodiscard]] std::optional<CallPosition> find(const CallId& id) const override;
  [[nodiscard]] QueueCounts counts(FunctionId function) const override;
  [[nodiscard]] QueueCounts counts() const override;
  [[nodiscard]] Result<void> health() const override;

  // What is due joins, the oldest batch becomes durable, and what there is to say is said. False:
  // nothing of the kind was left to do.
  bool step();
  void fail_writes() { failing_ = true; }
  // The engine dies, and of what was on its way that much has become durable. Nothing may be asked
  // of this store any more.
  void crash(const std::function<bool(const Record&)>& survived);

 private:
  enum class Stand : std::uint8_t { kAccepting, kReady, kDelayed, kClaimed, kEnding };
  struct Call {
    Kept kept;
    Stand stand = Stand::kAccepting;
    std::uint32_t attempt = 0;  // claims in this life
    bool maybe_repeated = false;
  };
  struct Line {
    QueueCounts counts;
    std::uint64_t depth = 0;
    std::set<std::pair<Place, CallId>> ready;
  };
  struct Write {
    std::vector<Record> records;
    std::function<void(bool written)> answer;
  };

  void recover(const Kept& kept);
  [[nodiscard]] std::optional<Error> refusal(const NewCall& call) const;
  [[nodiscard]] bool full(FunctionId function) const;
  Record add(NewCall call);
  void forget(const CallId& id);
  [[nodiscard]] Call* claimed(const Receipt& receipt);
  void write(Write write);
  void end(Call& call, std::optional<NewCall> successor, std::function<void(bool)> answer);
  void commit(const Record& record);
  void fail(const Record& record);
  void wait(Call& call);  // ready or delayed, whichever its due time says
  void join(Call& call);  // behind those that are ready now
  bool join_due();
  bool write_batch();
  bool deliver();
  void stand(Call& call, Stand stand);
  static void count(QueueCounts& counts, Stand stand, int by);
  Place next_place();
  void later(std::function<void()> what) { to_say_.push_back(std::move(what)); }

  Committed& committed_;
  const Limits limits_;
  const Clock& clock_;
  QueueListener& listener_;
  std::map<CallId, Call> calls_;
  [[nodiscard]] std::uint64_t ahead_of(const CallId& id) const;

  std::map<FunctionId, Line> lines_;
  std::set<std::pair<FunctionId, std::string>> names_;
  std::set<std::pair<WallTime, CallId>> delayed_;
  Place last_place_;
  QueueCounts counts_;
  std::vector<Write> asked_;                // this turn
  std::deque<std::vector<Write>> batches_;  // under way
  std::vector<std::function<void()>> to_say_;
  bool failing_ = false;
  bool poisoned_ = false;
};

// The naive store as the contract's suite wants it.
class ModelWorld final : public StoreHarness {
 public:
  explicit ModelWorld(const Limits& limits) : limits_(limits) { start(); }

  [[nodiscard]] Queue& queue() override { return *store_; }
  void end_turn() override { store_->submit(); }
  void settle() override {
    do {
      end_turn();
    } while (store_->step());
  }
  void step() override {
    end_turn();
    (void)store_->step();
  }
  void advance(Millis by) override {
    clock.advance(by);
    settle();
  }
  void fail_writes() override { store_->fail_writes(); }
  void crash() override {
    crash([this](const ModelStore::Record&) { return chance_.one_in(2); });
  }
  void crash(const std::function<bool(const ModelStore::Record&)>& survived) {
    store_->crash(survived);
    heard = Recorder{};
    start();
  }

 private:
  void start() {
    store_ = std::make_unique<ModelStore>(committed_, limits_, clock, heard);
    settle();
  }

  const Limits limits_;
  Rng chance_ = Rng::seeded(7).fork("crash");
  ModelStore::Committed committed_;
  std::unique_ptr<ModelStore> store_;
};

}  // namespace convoke::fake
