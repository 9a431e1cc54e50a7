// The embedded store: the queue contract of one shard, over its journals.
//
// A claim writes nothing: the engine's life is the lease, and its incarnation the high half of
// every epoch. So a call found unfinished at start may have run, whether or not it did, and its
// next claim says so (maybe_repeated), until an attempt's end has been recorded.
//
// New calls go to the first journal; calls recovered from another are settled there. After a write
// has failed nothing is claimed either: no call is started whose end could not be recorded.
//
// Owner and thread: one shard. The clock, the wheel and the listener outlive the store. It must not
// be destroyed from inside one of its own callbacks. open() blocks; nothing else does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/log_file.h"
#include "core/edge/timer_wheel.h"
#include "queue/answers.h"
#include "queue/history/sink.h"
#include "queue/journal/claims.h"
#include "queue/journal/compaction.h"
#include "queue/journal/index.h"
#include "queue/journal/teller.h"
#include "queue/journal/writer.h"
#include "queue/queue.h"

namespace convoke::journal {

struct JournalPlace {
  std::uint32_t number = 0;  // written into its segments: a journal is refused under another number
  std::unique_ptr<LogDir> dir;
  history::Mark mark{};  // how far into this journal the history has come
};

struct Options {
  std::uint64_t segment_bytes = 64UL << 20;              // kSegmentBytesMin .. kSegmentBytesMax
  std::uint64_t event_bytes_in_memory_max = 64UL << 20;  // beyond it events are read again
  // Of calls that wait; those beyond are spilled to scratch space on the disk (see IndexLimits).
  std::uint64_t ready_in_memory_max = 4096;  // of one function
  std::uint64_t delayed_in_memory_max = 1UL << 16;
  std::uint64_t calls_in_memory_max = 1UL << 18;
  std::size_t scratch_block_bytes = 16UL << 10;      // at least kBlockBytesMin
  std::uint64_t depth_max = 1'000'000;               // unsettled calls, in all
  std::uint64_t depth_per_function_max = 1'000'000;  // and of one function
  // A step forwards of the wall clock is noticed within this, while anything is delayed.
  Duration wall_check_every = Seconds{1};
  // How long the ends of calls without a history may wait for other records to be synced with them.
  Duration ends_wait_max{};
  // Unpredictable, drawn anew at each start: no event can imitate the journal's records then.
  std::uint64_t secret = 0;
  std::function<void(std::string_view)> alarm = [](std::string_view) {};  // for the operator
  history::Sink* history = nullptr;  // outlives the store; null: nothing is kept for later
};
inline constexpr std::uint64_t kSegmentBytesMin = 4096;       // room for a few records
inline constexpr std::uint64_t kSegmentBytesMax = 1UL << 30;  // offsets are 32 bits

class JournalStore final : public Queue, private WriterClient {
 public:
  // Recovers all `journals` (at least one). Fails when one is damaged or cannot be read; then
  // nothing has been changed. `incarnation`: of this start, from next_incarnation().
  [[nodiscard]] static Result<std::unique_ptr<JournalStore>> open(
      Options options, std::vector<JournalPlace> journals, std::uint32_t incarnation,
      const Clock& clock, TimerWheel& wheel, QueueListener& listener);

  ~JournalStore() override;

  void accept(NewCall call, Accepted accepted) override;
  void claim(FunctionId function, std::size_t max) override;
  void settle(const Receipt& receipt, Ending ending, Settled settled) override;
  void postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                Settled settled) override;
  void give_back(const Receipt& receipt) override;
  void note_started(const Receipt& receipt, WallTime at, const std::string& instance_id) override;
  void stop(FunctionId function, const CallId& id, Stopped stopped) override;
  void submit() override;
  [[nodiscard]] std::optional<WallTime> oldest_ready(FunctionId function) const override;
  [[nodiscard]] std::optional<CallPosition> find(const CallId& id) const override;
  [[nodiscard]] QueueCounts counts(FunctionId function) const override;
  [[nodiscard]] QueueCounts counts() const override;  // accepted: recovered, and new since start
  [[nodiscard]] Result<void> health() const override;
  // Nothing is on its way to the disk or from it.
  [[nodiscard]] bool at_rest() const;

  // Tells the history what recovery found that it had not taken in. Once, before the first turn.
  void tell_recovered();
  // The history has taken in, for good, what that journal told up to there.
  void on_taken(std::uint32_t journal, const history::Mark& upto);

  // Journals besides the first with nothing unsettled in them: to be removed at the next start.
  [[nodiscard]] std::vector<std::uint32_t> drained_journals() const;

 private:
  struct Journal {
    std::unique_ptr<LogDir> dir;
    std::unique_ptr<Writer> writer;
    std::unique_ptr<Compaction> compaction;
    std::unique_ptr<Teller> teller;  // null: no history is kept
  };
  JournalStore(Options options, std::uint32_t incarnation, const Clock& clock, TimerWheel& wheel,
               QueueListener& listener);
  // Taking over what was found (takeover.cc).
  void adopt(JournalPlace place, Recovered& recovered);
  [[nodiscard]] Result<void> adopt_calls(std::vector<Recovered>& recovered);
  void adopt(const CallNote& call);

  void on_placed(const Write& write) override;
  void on_written(Writer& writer, Write write) override;
  void on_refused(Write write, const Error& why) override;
  void on_failed(Write write, const Error& why) override;
  void on_poisoned(const Error& why) override;
  void on_progress(Writer& writer) override;

  // Ends (ends.cc).
  void settle(Slot slot, const Receipt& receipt, Ending ending, Settled settled);
  void settle_after(NewCall successor, const Receipt& receipt, Ending ending, Settled settled);
  [[nodiscard]] Slot claimed(const Receipt& receipt) const;  // kNoSlot: stale
  void end_attempt(Slot slot, Write write);
  [[nodiscard]] EndTold told(Slot slot, Ending ending) const;

  enum class Limits : std::uint8_t { kHold, kLifted };
  void accept(NewCall call, Limits limits, Accepted accepted);
  [[nodiscard]] std::optional<Error> refusal(const NewCall& call, Limits limits) const;
  void check_scratch();
  void begin_to_wait(Slot slot);
  void become_ready(Slot slot);
  void join(Slot slot);
  void join_due();
  void arm_due_timer();
  [[nodiscard]] Claims::Taken start_attempt(Slot slot);
  void answer(FunctionId function, std::vector<ClaimedCall> calls);
  void on_unreadable(Slot slot, const std::string& why);
  [[nodiscard]] Journal& journal_of(const Writer& writer);
  [[nodiscard]] bool has_history(Slot slot) const;
  void tell_volatile(Slot slot, history::Fact fact);

  Options options_;
  std::uint32_t incarnation_;
  const Clock& clock_;
  TimerWheel& wheel_;
  Index index_;
  OrderKeys keys_;
  std::vector<Journal> journals_;  // the first takes new calls
  std::optional<Error> poisoned_;
  Claims claims_;
  Answers answers_;
  Timer due_timer_ = timer_for<&JournalStore::join_due>(this);
};

}  // namespace convoke::journal
