// The atlas: every fault that the simulation may inject, and so every one that the engine must
// survive. Nothing else goes wrong in the world; a red run is never excusable.
//
// Swarm: each seed draws which faults are on and how often they strike. Each fault has a stream of
// chance of its own, so that switching one off leaves the others as they were (shrinking needs it).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/edge/rng.h"

namespace convoke::sim {

enum class Fault : std::uint8_t {
  kCrash,
  kCrashAtStart,
  kOtherShards,
  kDiskStalls,
  kDiskFull,
  kSyncFails,
  kReadFails,
  kSlowMail,
  kWallSteps,
  kStaleReceipt,
  kStartsSlowly,
  kStartFails,
  kNeverReady,
  kDiesIdle,
  kDiesBefore,
  kDiesDuring,
  kDiesAfter,
  kHangs,
  kIgnoresSigterm,
  kFunctionError,
  kSystemError,
  kClientGoes,
  kCallStopped,
  kLimitChanges,
  kKillSwitch,
  kFunctionDeleted,
  kFunctionUpdated,
  kHistoryStalls,
  kHistoryFull,
  kReceiverFails,
  kReceiverTimesOut,
  kReceiverRefuses,
  kReceiverNotAllowed,
  kReceiverFull,
  kDrained,
  kEnginePaused,
  kForgetsLives,
  kWireCut,
  kWireSilent,
  kWireSlow,
  kLostAtCommand,
  kServerDies,
  kServerLoads,
  kServerStalls,
  kServerFull,
  kCallsOn,
};

// In which worlds it strikes: that of one engine with its journals, that of several on one server.
enum class Where : std::uint8_t { kBoth, kAlone, kShared };

struct FaultRow {
  Fault fault;
  std::string_view name;  // as the command line knows it
  std::uint32_t one_in;   // of the occasions, when it strikes most often
  std::string_view what;
  Where where = Where::kBoth;
};

inline constexpr std::array kAtlas = {
    FaultRow{Fault::kCrash, "crash", 600, "the engine dies in any turn; tenfold during writes"},
    FaultRow{Fault::kCrashAtStart, "crash-at-start", 3, "and again before its first turns",
             Where::kAlone},
    FaultRow{Fault::kOtherShards, "other-shards", 3, "the next life has fewer or more shards"},
    FaultRow{Fault::kDiskStalls, "disk-stalls", 40, "a disk operation takes seconds",
             Where::kAlone},
    FaultRow{Fault::kDiskFull, "disk-full", 60, "no room for new files, for a while",
             Where::kAlone},
    FaultRow{Fault::kSyncFails, "sync-fails", 300, "fdatasync fails: no write until a restart",
             Where::kAlone},
    FaultRow{Fault::kReadFails, "read-fails", 60, "events cannot be read back, for a while",
             Where::kAlone},
    FaultRow{Fault::kSlowMail, "slow-mail", 8, "a letter between shards takes its time"},
    FaultRow{Fault::kWallSteps, "wall-steps", 40, "the wall clock steps, either way"},
    FaultRow{Fault::kStaleReceipt, "stale-receipt", 10, "somebody settles what is not his any more",
             Where::kAlone},
    FaultRow{Fault::kStartsSlowly, "starts-slowly", 6, "an instance needs seconds to start"},
    FaultRow{Fault::kStartFails, "start-fails", 6, "an instance does not start"},
    FaultRow{Fault::kNeverReady, "never-ready", 30, "an instance starts and never listens"},
    FaultRow{Fault::kDiesIdle, "dies-idle", 10, "an instance exits with nothing to do"},
    FaultRow{Fault::kDiesBefore, "dies-before", 10, "an instance is dead when the call arrives"},
    FaultRow{Fault::kDiesDuring, "dies-during", 10, "an instance dies with its calls inside"},
    FaultRow{Fault::kDiesAfter, "dies-after", 10, "an instance dies once it has replied"},
    FaultRow{Fault::kHangs, "hangs", 12, "a call never replies"},
    FaultRow{Fault::kIgnoresSigterm, "ignores-sigterm", 2, "only SIGKILL ends it"},
    FaultRow{Fault::kFunctionError, "function-error", 4, "the function raises"},
    FaultRow{Fault::kSystemError, "system-error", 10, "what comes back is no answer"},
    FaultRow{Fault::kClientGoes, "client-goes", 6, "a caller hangs up"},
    FaultRow{Fault::kCallStopped, "call-stopped", 3, "somebody stops a call, wherever it stands"},
    FaultRow{Fault::kLimitChanges, "limit-changes", 15, "an on-demand limit, up or down",
             Where::kAlone},
    FaultRow{Fault::kKillSwitch, "kill-switch", 20, "limit 0, and back after a while",
             Where::kAlone},
    FaultRow{Fault::kFunctionDeleted, "function-deleted", 30, "and re-created by the same name",
             Where::kAlone},
    FaultRow{Fault::kFunctionUpdated, "function-updated", 30, "new code", Where::kAlone},
    FaultRow{Fault::kHistoryStalls, "history-stalls", 30, "SQLite takes seconds", Where::kAlone},
    FaultRow{Fault::kHistoryFull, "history-full", 60, "and has no room, for a while",
             Where::kAlone},
    FaultRow{Fault::kReceiverFails, "receiver-fails", 4, "a URL answers 503 or 429"},
    FaultRow{Fault::kReceiverTimesOut, "receiver-times-out", 6, "or not at all: it may have it"},
    FaultRow{Fault::kReceiverRefuses, "receiver-refuses", 8, "or 404: given up"},
    FaultRow{Fault::kReceiverNotAllowed, "receiver-not-allowed", 10, "its address is not allowed"},
    FaultRow{Fault::kReceiverFull, "receiver-full", 8, "too much waits for it already"},
    FaultRow{Fault::kDrained, "drained", 60, "the engine is stopped with grace, and started again",
             Where::kAlone},
    FaultRow{Fault::kEnginePaused, "engine-paused", 60,
             "an engine stands still, perhaps for longer than its lease", Where::kShared},
    FaultRow{Fault::kForgetsLives, "forgets-lives", 3, "an engine does not know who it was",
             Where::kShared},
    FaultRow{Fault::kWireCut, "wire-cut", 20, "a connection ends at any byte", Where::kShared},
    FaultRow{Fault::kWireSilent, "wire-silent", 60, "a connection carries nothing more",
             Where::kShared},
    FaultRow{Fault::kWireSlow, "wire-slow", 200,
             "bytes take up to a minute, be it that nobody waits for them any more",
             Where::kShared},
    FaultRow{Fault::kLostAtCommand, "lost-at-command", 20,
             "a connection ends before or after a command ran", Where::kShared},
    FaultRow{Fault::kServerDies, "server-dies", 60,
             "the server is gone for a while, with all that it acknowledged on its disk",
             Where::kShared},
    FaultRow{Fault::kServerLoads, "server-loads", 2, "and reads that for a while", Where::kShared},
    FaultRow{Fault::kServerStalls, "server-stalls", 60,
             "the server stands still, perhaps for longer than a lease", Where::kShared},
    FaultRow{Fault::kServerFull, "server-full", 60, "the server has no memory left, for a while",
             Where::kShared},
    FaultRow{Fault::kCallsOn, "calls-on", 2, "a function calls a function, as like as not itself"},
};
inline constexpr std::size_t kFaults = kAtlas.size();

// A set of faults, a bit each.
using FaultSet = std::uint64_t;
[[nodiscard]] constexpr FaultSet bit(Fault fault) {
  return FaultSet{1} << static_cast<unsigned>(fault);
}

// What strikes in one run.
class Chaos {
 public:
  // `off`: never strike, whatever the seed says.
  Chaos(const Rng& rng, FaultSet off) {
    for (std::size_t i = 0; i < kFaults; ++i) {
      State& state = states_[i];
      state.rng = rng.fork(kAtlas[i].name);
      const bool on = state.rng.one_in(2) && ((off >> i) & 1U) == 0;
      const std::uint64_t rarity = state.rng.below(3);  // x 1, 3, 9
      if (on) state.one_in = kAtlas[i].one_in * (rarity == 0 ? 1U : rarity == 1 ? 3U : 9U);
    }
  }

  // Does it strike on this occasion? `likelier`: that many times as often as drawn.
  [[nodiscard]] bool strikes(Fault fault, std::uint32_t likelier = 1) {
    State& state = states_[static_cast<std::size_t>(fault)];
    if (state.one_in == 0) return false;
    if (!state.rng.one_in(std::max<std::uint32_t>(1, state.one_in / likelier))) return false;
    ++state.strikes;
    return true;
  }
  [[nodiscard]] Rng& rng(Fault fault) { return states_[static_cast<std::size_t>(fault)].rng; }
  [[nodiscard]] bool on(Fault fault) const {
    return states_[static_cast<std::size_t>(fault)].one_in != 0;
  }
  [[nodiscard]] std::uint64_t struck(Fault fault) const {
    return states_[static_cast<std::size_t>(fault)].strikes;
  }
  // The storm is over: nothing strikes any more.
  void calm() {
    for (State& state : states_) state.one_in = 0;
  }

 private:
  struct State {
    Rng rng = Rng::seeded(0);
    std::uint32_t one_in = 0;  // 0: off
    std::uint64_t strikes = 0;
  };
  std::array<State, kFaults> states_{};
};

}  // namespace convoke::sim
