// The timers that one shard of an engine looks after, and their firing: each due time becomes one
// asynchronous call, `{"triggerTime", "triggerName", "payload"}`, like any that a client makes.
//
// Once for each due time, whatever crashes and however many engines there are:
//
//   T1  A firing is the accept of a call whose id follows from trigger and due time (firing.h), and
//       that accept, durable, is all that there is to remember: no mark is written before or after
//       it that a crash could separate from it.
//   T2  Redis: every engine tries. The accept's script compares and sets when the trigger fired
//       last (SCHEMA.md), in the function's slot: the first takes it, the others are told so
//       (kCallAlreadyExists), also those that ask again because an answer was lost.
//   T3  Embedded: one shard of the engine looks after a trigger. In the journal the accepted record
//       is the mark. The history is told of it behind its commit, once, and again after a crash
//       until it has it; so start() brings the due time that was fired for last. What the history
//       lost with its database may fire again, once.
//
// An accept that is refused (queue full, server away) is tried again, after a second at first and
// a minute at most, until the due time is too old or the next one comes (timer_plan.h). A change of
// a trigger ends what was due under the old one; other engines hear of it within a second, and may
// fire for the old one until then.
//
// Cost: a heap of due times. A timer that is not due costs nothing; kFiringsPerTurnMax keep a turn
// short when many are due at once. While there are timers, the wall clock is looked at each
// `wall_check_every`, since it may be put forward. Put back, it fires nothing again; but by more
// than a day, and it was wrong before: then what it fired for ahead of time is forgotten, here. (On
// Redis a timer that fired for next year rests until then, or until its mark is removed by hand.)
//
// Owner and thread: one shard. What it is made with outlives it; completions of accepts do not
// outlive the queue.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/dispatch/timer_plan.h"
#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/model/firing.h"
#include "queue/queue.h"

namespace convoke {

struct TimerSpec {
  std::uint64_t trigger = 0;  // never used for another
  FunctionId function;
  std::string qualifier;  // as written
  std::string name;       // the trigger's
  std::string payload;
  TimerPlan plan;
};

// The event of its call.
[[nodiscard]] std::string timer_event(const TimerSpec& timer, WallTime due);

class Timers {
 public:
  static constexpr std::size_t kFiringsPerTurnMax = 500;
  static constexpr Seconds kRetryFirst{1};
  static constexpr Seconds kRetryMax{60};
  // A due time that is over and lies further ahead was fired for by a clock that was wrong.
  static constexpr Seconds kAheadMax{std::chrono::hours{24}};

  struct World {
    const Clock& clock;
    TimerWheel& wheel;
    Duration wall_check_every;
  };
  // Accepts the call; `answered` as Queue::Accepted, or at once.
  using Fire = std::function<void(NewCall call, Queue::Accepted answered)>;
  using Alarm = std::function<void(std::string_view)>;

  Timers(const World& world, Fire fire, Alarm alarm);

  // From here on timers fire. `fired`: what this store knows of earlier lives.
  void start(const std::vector<Firing>& fired);
  // None fires from here on; nor if start() comes after it.
  void stop();

  // A new timer, or one that has changed.
  void put(TimerSpec timer);
  void remove(std::uint64_t trigger);

  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] std::size_t size() const { return timers_.size(); }
  [[nodiscard]] std::uint64_t fired() const { return fired_; }  // accepted here

 private:
  static constexpr WallTime kNoWake = WallTime::max();
  struct Entry {
    TimerSpec timer;
    WallTime done{};          // due times up to here are over
    WallTime wake = kNoWake;  // its place in the heap, if it has one
    Seconds pause{};          // before the next try; 0: the last one was not refused
    bool under_way = false;   // an accept
  };

  void look();
  void look_at_one(Entry& entry);
  void tell_passed_over(const Entry& entry, const TimerLook& look) const;
  void notice_clock(WallTime now);
  void fire(Entry& entry, WallTime due);
  void on_answered(const Firing& firing, const Result<void>& accepted);
  void wake_at(Entry& entry, WallTime when);
  void arm();

  const World world_;
  const Fire fire_;
  const Alarm alarm_;
  std::unordered_map<std::uint64_t, Entry> timers_;
  std::set<std::pair<WallTime, std::uint64_t>> heap_;
  std::unordered_map<std::uint64_t, WallTime> fired_before_;  // as start() was told
  WallTime looked_{};                                         // when look() last ran
  bool started_ = false;
  bool stopped_ = false;
  std::uint64_t fired_ = 0;
  Timer timer_ = timer_for<&Timers::look>(this);
};

}  // namespace convoke
