// A state of the exploration: the server, the engines, what is on its way between them, and what
// has been promised so far. A value.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "queue/redis/held.h"
#include "queue/redis/lease.h"
#include "tests/model/lease/server.h"

namespace convoke::lease {

using redis::StreamId;

inline constexpr Instant kNow = Instant{} + 100 * kLease;  // what passes makes all else older

// A command on its way, or its answer.
struct Sent {
  Verb verb = Verb::kBeat;
  std::uint64_t lease = 0;  // the incarnation that sent it
  Words words;
  Instant at{};
  bool uncertain = false;       // an end that was sent before, and perhaps done
  std::vector<StreamId> again;  // of a claim
  bool executed = false;
  Value reply;
};

[[nodiscard]] bool sends(const std::vector<Sent>& all, Verb verb);

struct Running {
  Receipt receipt;
  std::uint64_t lease = 0;  // under which it was begun
};

struct Engine {
  enum class Life : std::uint8_t { kRuns, kStandsStill, kDead };
  Life life = Life::kRuns;
  bool link = true;
  bool joined = false;
  bool joining = false;
  bool beat_due = true;
  bool woken = false;          // and has sent no heartbeat since
  std::uint8_t calm = 0;       // undisturbed ticks since somebody must be dead
  std::uint8_t in_stream = 0;  // calls of the function, when the server last said so
  std::uint64_t incarnation = 0;
  redis::Lease lease;
  std::set<std::uint64_t> silent;
  std::map<std::uint64_t, Duration> to_bury;  // and for how long each must be silent
  redis::HeldCalls held;
  std::set<StreamId> returned;
  std::set<StreamId> claimed_again;
  std::vector<Running> running;
  std::vector<Sent> asks;  // of this turn, or until the server is back
  std::vector<Sent> pipe;  // sent, and not answered

  [[nodiscard]] bool in() const { return incarnation != 0; }
  [[nodiscard]] bool holds_lease() const { return in() && holds(lease, kNow); }
  [[nodiscard]] bool acts() const { return life == Life::kRuns; }
  [[nodiscard]] bool can_send() const { return acts() && link; }
};

// How much of each may happen yet.
struct Budget {
  std::uint8_t delays = 0;  // commands that are not answered at once
  std::uint8_t cuts = 0;    // connections that are lost
  std::uint8_t lates = 0;   // of those, ones whose commands arrive all the same, at any time
  std::uint8_t pauses = 0;
  std::uint8_t crashes = 0;
  std::uint8_t postpones = 0;
  std::uint8_t returns = 0;
};

// What the invariants know of a call.
struct Fate {
  bool acknowledged = false;
  std::uint8_t settled = 0;
  Epoch begun;  // the last attempt's
};

struct State {
  Servers::Id server = 0;
  std::vector<Engine> engines;
  std::vector<Sent> late;  // of connections that have ended
  Budget left;
  std::vector<Fate> calls;
  std::uint8_t accepted = 0;  // of them, asked for
  const char* violated = nullptr;
};

[[nodiscard]] CallId call_id(std::size_t call);
[[nodiscard]] std::size_t call_of(const CallId& id);
[[nodiscard]] std::string entry_of(std::size_t call);

// The same for states that differ in the order of their engines alone.
[[nodiscard]] std::string encoded(State& state);

}  // namespace convoke::lease
