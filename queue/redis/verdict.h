// What an answer, or none, means for what was sent, and whom to take for dead. Pure: the store and
// its membership act by it, and so does the exploration of the protocol (LEASE.md).
#pragma once

#include <cstdint>
#include <set>

#include "queue/redis/scripts.h"
#include "queue/redis/stream_id.h"

namespace convoke::redis {

// What became of a script's call, as far as we know.
enum class Said : std::uint8_t {
  kDone,
  kLeaseLost,  // not done: the incarnation was retired
  kRefused,    // not done: the server does not take it now
  kMaybe,      // the connection ended before the answer
  kNever,      // not sent
};

[[nodiscard]] inline Said said(const Answer& answer) {
  if (answer.ok()) return Said::kDone;
  if (answer.fate == Fate::kLost) return Said::kMaybe;
  if (answer.fate == Fate::kNotSent) return Said::kNever;
  return says_lease_lost(answer.reply) ? Said::kLeaseLost : Said::kRefused;
}

// Of ends that were sent.
enum class AfterEnds : std::uint8_t {
  kEnded,
  kAgain,  // kept, for when the server is back or takes them: nobody else can have ended these
           // calls
  kVoid,   // not ours any more: they run again
};

// `ours`: the incarnation that sent them is still this one's.
[[nodiscard]] constexpr AfterEnds after_ends(Said what, bool ours) {
  if (what == Said::kDone) return AfterEnds::kEnded;
  return ours && what != Said::kLeaseLost ? AfterEnds::kAgain : AfterEnds::kVoid;
}

// Of a claim that was sent.
enum class AfterClaim : std::uint8_t {
  kHandOut,
  kUndone,   // what had been given back is so again; what it took besides, if it did, is looked for
  kLose,     // the lease is gone, and all that is held with it
  kNothing,  // it was another life's
};

// What it took is handed out whether calls may begin now or not: who begins them looks (lease.h).
[[nodiscard]] constexpr AfterClaim after_claim(Said what, bool ours) {
  if (!ours) return AfterClaim::kNothing;
  if (what == Said::kDone) return AfterClaim::kHandOut;
  return what == Said::kLeaseLost ? AfterClaim::kLose : AfterClaim::kUndone;
}

// Of what is pending at this incarnation, that of which nobody here knows: a claim took it whose
// answer never came. `known`: what is held, was given back, or is being claimed again.
[[nodiscard]] inline std::set<StreamId> left_behind(const std::set<StreamId>& pending,
                                                    const std::set<StreamId>& known) {
  std::set<StreamId> left;
  for (const StreamId& place : pending) {
    if (known.count(place) == 0) left.insert(place);
  }
  return left;
}

// Whom to take for dead: whoever two heartbeats of ours in a row found silent. So a server that
// stood still, and hears one of us before it hears the other, buries nobody.
[[nodiscard]] inline std::set<std::uint64_t> taken_for_dead(
    const std::set<std::uint64_t>& silent_before, const std::set<std::uint64_t>& silent_now) {
  std::set<std::uint64_t> both;
  for (const std::uint64_t one : silent_now) {
    if (silent_before.count(one) > 0) both.insert(one);
  }
  return both;
}

// Whose lease on a function is left over: who has one and is not among those that live, the one
// that asks (`self`) included. An incarnation is there before it has any lease, and not when it is
// buried: so these are buried ones, of whom a command came late. `leases` were read before
// `living`.
[[nodiscard]] inline std::set<std::uint64_t> left_over(const std::set<std::uint64_t>& leases,
                                                       const std::set<std::uint64_t>& living,
                                                       std::uint64_t self) {
  std::set<std::uint64_t> left;
  for (const std::uint64_t one : leases) {
    if (one != self && living.count(one) == 0) left.insert(one);
  }
  return left;
}

}  // namespace convoke::redis
