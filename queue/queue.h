// The queue contract: what every store of asynchronous invocations promises a shard.
//
//                 accept (durable, then 202)
//                    |
//                    v            due
//     [delayed] --------------> [ready] <----- give_back, lost lease ------+
//         ^                        | claim (lease taken, epoch grows)      |
//         |                        v                                      |
//         +---- postpone ------ [claimed] --------------------------------+
//                                  | settle
//                                  v
//                              [settled]: succeeded | failed | stopped | expired | invalid
//
// Promises (the contract suite runs them against every store):
//  Q1  Accepted means durable: `accepted` reports success only when no crash can lose the call.
//  Q2  At least once: a call that was accepted and not settled is claimable again after any crash.
//      A call that may have run before says so (maybe_repeated).
//  Q3  Fenced: settle, postpone and give_back with a receipt whose epoch is not the current one
//      change nothing and report kStale.
//  Q4  Settled once: after a settle was reported, no claim returns the call again.
//  Q5  Per function: claims of one function return its ready calls in the order they were accepted;
//      what was delayed or postponed joins at the moment it falls due. One function's backlog never
//      holds up another's.
//  Q6  Conserved: accepted = ready + delayed + claimed + settled, in every counts().
//  Q7  Bounded: beyond `depth_max` accept answers kResourceThrottled (429, with retry_after); when
//      the store cannot write, kServiceUnavailable (503). In both cases nothing was written, but
//      where a server's answer was lost: it may have taken the call.
//  Q8  After a write that failed all later ones answer kServiceUnavailable, loudly: on our own disk
//      until the engine is restarted, on a server until it is there again. What was acknowledged
//      before is kept.
//  Q9  Stopped: after kStopped was reported, no claim returns the call.
//  Q10 Followed: a settle's successor is accepted, durably, before the settle can be.
//
// Threads: one Queue per shard, used on that shard's thread alone; completions and listener calls
// run there too, in a later turn, each exactly once. Completions still under way when the Queue is
// destroyed are dropped. Work of one turn is sent to the store together by submit().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/call_state.h"
#include "core/model/error.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"

namespace convoke {

// A call to be accepted. The store takes the event.
struct NewCall {
  CallId id;  // never used before; a store need not notice if it was
  FunctionId function;
  std::string qualifier;  // as the caller wrote it; empty: none
  // Stateful: unique among the function's unsettled calls, and kept in the history; empty: none.
  // Where the store keeps the history itself, unique among the calls in it too. One that begins
  // with kInternalName is the engine's own: unique among the unsettled, and in no history.
  std::string name;
  std::string event;
  WallTime accepted{};             // now, on the wall clock
  WallTime due{};                  // == accepted: ready at once
  std::optional<Lineage> lineage;  // nullopt: it has no ancestry. Kept as long as the call is
};

inline constexpr char kInternalName = '@';
// A name of a caller's, not the engine's own.
[[nodiscard]] inline bool has_history(std::string_view name) {
  return !name.empty() && name.front() != kInternalName;
}

// The right to settle one attempt of one call.
struct Receipt {
  CallId id;
  FunctionId function;
  Epoch epoch;
};

struct ClaimedCall {
  Receipt receipt;
  std::string qualifier;
  std::string name;
  std::string event;
  WallTime accepted{};
  WallTime due{};                     // age counts from here
  std::uint32_t function_errors = 0;  // attempts spent on errors of the function
  std::uint32_t retries = 0;          // attempts before this one, whatever ended them
  bool maybe_repeated = false;        // an attempt without a recorded end may have run
  // The store has the call and not its event, which somebody has deleted: it cannot run.
  bool event_lost = false;
  std::optional<Lineage> lineage;  // as it was accepted
};

enum class Settlement : std::uint8_t {  // on disk: never renumber
  kSucceeded = 0,
  kFailed = 1,
  kStopped = 2,
  kExpired = 3,
  kInvalid = 4,
};

// What is kept of one attempt, for calls that have a history.
struct AttemptReport {
  WallTime dequeued{};      // 0: it was not claimed (stopped, expired or invalid while it waited)
  WallTime started{};       // handed to an instance; 0: it never was
  std::string instance_id;  // at most kReportTextMax bytes, as `error`
  Millis duration{};        // from hand-over to its end
  std::string error;        // "": none; UnhandledInvocationError, ResourceThrottled, ...
  std::string message;      // in words; at most kReportMessageMax bytes
};
inline constexpr std::size_t kReportTextMax = 64;
inline constexpr std::size_t kReportMessageMax = 1024;

// How a call ends. Made of a settlement alone where nothing more is known.
struct Ending {
  Ending(Settlement how) : settlement(how) {}  // NOLINT: implicit on purpose

  Settlement settlement;
  AttemptReport report;
  // What the function answered, or the error's body: kept with the history, at most kResultMax.
  std::string result;
  bool result_cut = false;
  std::string destination_status;  // "": the call has no destination
  // Of a call without a name that failed, so that the history can show it and run it again.
  std::string qualifier;
  std::shared_ptr<const std::string> event;
  // Accepted together with this end, whatever the depth limits say: after a crash there are both,
  // or the call has not ended. Where its name is in use, an earlier end of this call left it: that
  // one stands.
  std::optional<NewCall> successor;
};
inline constexpr std::size_t kResultMax = 1UL << 20;

enum class Spends : std::uint8_t {
  kAttempt,  // a function error: counts against maxAsyncRetryAttempts
  kAge,      // throttled, system error, lost instance: only the age goes on
};

enum class SettleResult : std::uint8_t {
  kDone,
  kStale,
  kStoreFailed,
  kNoRoom,  // for the successor; nothing was written and the receipt still holds: ask again
};

enum class StopResult : std::uint8_t {
  kStopped,   // it waited (ready, delayed, between attempts), and never runs again; durable
  kUnderWay,  // claimed here: whoever holds the receipt must end it
  kUnknown,   // not here, or settled
  kStoreFailed,
};

// Now, in one store and for one function; what is spilled to disk counts too.
struct QueueCounts {
  std::uint64_t accepted =
      0;  // since this store was created or, for embedded, since start: see store
  std::uint64_t ready = 0;
  std::uint64_t delayed = 0;
  std::uint64_t claimed = 0;
  std::uint64_t settled = 0;
};

// Where an unsettled call stands, for "what became of it".
struct CallPosition {
  FunctionId function;
  CallState state = CallState::kEnqueued;
  WallTime accepted{};
  WallTime due{};
  std::uint32_t retries = 0;
  // Of one that is ready: how many of its function's ready calls in this store go first; more than
  // kAheadMax: that many or more. A hint, since others come and go. nullopt: it is not ready.
  std::optional<std::uint64_t> ahead;
};
inline constexpr std::uint64_t kAheadMax = 10'000;  // that anybody counts

class QueueListener {
 public:
  virtual ~QueueListener() = default;
  // The function has ready calls. Said when the first becomes ready (accepted, fallen due, given
  // back), and again after a claim that left some; not for each call.
  virtual void on_ready(FunctionId function) = 0;
  // The answer to one claim(); empty when another claimer was faster.
  virtual void on_claimed(FunctionId function, std::vector<ClaimedCall> calls) = 0;
  // Of a store that shares its calls with others, one of which asks to end a call that is claimed
  // here. `stopped` runs once, as Queue::stop's, never with kUnderWay.
  virtual void on_stop_asked(FunctionId /*function*/, const CallId& /*id*/,
                             std::function<void(StopResult)> stopped) {
    stopped(StopResult::kUnknown);
  }
};

class Queue {
 public:
  using Accepted = std::function<void(Result<void>)>;
  using Settled = std::function<void(SettleResult)>;
  using Stopped = std::function<void(StopResult)>;

  virtual ~Queue() = default;

  // kCallAlreadyExists when `name` is in use, kResourceThrottled, kServiceUnavailable (Q7, Q8).
  virtual void accept(NewCall call, Accepted accepted) = 0;

  // Takes a lease on up to `max` ready calls; answered by on_claimed. The lease holds until the
  // receipt is used or this engine's incarnation ends; the store renews it by itself.
  virtual void claim(FunctionId function, std::size_t max) = 0;

  virtual void settle(const Receipt& receipt, Ending ending, Settled settled) = 0;
  // Ends this attempt; the call becomes ready again at `due`.
  virtual void postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                        Settled settled) = 0;
  // Claimed but not started (no slot, kill switch): back to its place in the order; spends nothing
  // and does not count as a retry.
  virtual void give_back(const Receipt& receipt) = 0;
  // The attempt was handed to an instance: for those who look. Not durable; stale: ignored.
  virtual void note_started(const Receipt& receipt, WallTime at,
                            const std::string& instance_id) = 0;
  // Ends a call of that function that waits; where calls are shared, one that is claimed elsewhere
  // too, by way of whoever holds it.
  virtual void stop(FunctionId function, const CallId& id, Stopped stopped) = 0;

  // Sends this turn's work to the store. The shard calls it once at the end of every turn.
  virtual void submit() = 0;

  // Accept time of the oldest ready call: lets shards merge their orders. A hint; nullopt: none.
  [[nodiscard]] virtual std::optional<WallTime> oldest_ready(FunctionId function) const = 0;
  [[nodiscard]] virtual std::optional<CallPosition> find(const CallId& id) const = 0;
  [[nodiscard]] virtual QueueCounts counts(FunctionId function) const = 0;
  [[nodiscard]] virtual QueueCounts counts() const = 0;
  // What accept() would answer if the store is failing now; ok otherwise.
  [[nodiscard]] virtual Result<void> health() const = 0;
};

}  // namespace convoke
