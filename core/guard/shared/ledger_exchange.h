// Engines that share a queue tell each other what they charged to roots, so that each judges by the
// sum of all (core/guard/root_ledger.h), and what became of calls, so that each can draw the whole.
//
// Of each root the server adds up what all have told (queue/redis/SCHEMA.md). An engine tells what
// it charged at once, if it told nothing in the last kExchangeEvery, else when that is over, or as
// soon as a root has charged much (RootLedger::is_much): 64 attempts, or an eighth of what its
// budget has left. The answer says the sum. So an engine goes beyond a budget at most by what it
// begins between two answers, and E engines together by at most
//
//     E x (an eighth of the budget, or 64 if that is less, + what begins within two round trips)
//
// (one for the answer that is under way, one for the next). Two engines a millisecond from their
// server, each beginning 1,000 calls of one root a second: 2 x (64 + 2) = 132 of 10,000.
//
// While the server is away each goes on by what it knows. Whether it had added up what was under
// way then is not known: that is told again, so a root may be stopped too early by as much. A root
// that nobody charges for kSumsKept is forgotten.
//
// First shard's thread only. The world and the ledger outlive it; it is made before the shards run.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "core/guard/root_ledger.h"
#include "core/registry/shared/server.h"
#include "queue/redis/link.h"
#include "queue/redis/script.h"

namespace convoke {

inline constexpr Millis kExchangeEvery{100};
inline constexpr Millis kSumsKept = std::chrono::hours{24};
// Roots that are told of at once; others are told of when these have been answered.
inline constexpr std::size_t kExchangeMax = 1024;

class LedgerExchange final : private shared_registry::Server::Owner {
 public:
  using Post = std::function<void(std::function<void()>)>;  // onto the first shard's thread

  LedgerExchange(redis::LinkOptions link, std::string prefix, const redis::LinkWorld& world,
                 RootLedger& ledger, Rng rng, Post post);
  ~LedgerExchange() override;  // while no shard runs
  LedgerExchange(const LedgerExchange&) = delete;
  LedgerExchange& operator=(const LedgerExchange&) = delete;

  [[nodiscard]] bool under_way() const { return under_way_ > 0; }  // an answer is awaited

  // What all engines have told of a root, its calls in no order; nothing, where the server is away.
  using Seen = std::function<void(RootLedger::Tree)>;  // now or later
  void look(const CallId& root, Seen seen);

 private:
  void on_server() override { exchange(); }
  void on_no_server(const Error& /*why*/) override {}  // they go on by what they know
  void on_charges(RootLedger::Urgency urgency);
  void exchange();
  [[nodiscard]] std::string root_key(const CallId& root) const;
  void tell(const RootLedger::Charges& charges);
  void on_told(const RootLedger::Charges& charges, const redis::Answer& answer);

  const std::string prefix_;
  const Clock& clock_;
  TimerWheel& wheel_;
  RootLedger& ledger_;
  const Post post_;
  std::size_t under_way_ = 0;
  bool failed_ = false;  // one of those under way: so not again at once
  bool again_ = false;   // something was charged meanwhile
  std::optional<Instant> last_;
  shared_registry::Server server_;
  Timer tick_ = timer_for<&LedgerExchange::exchange>(this);
};

[[nodiscard]] const redis::Script& charge_script();  // charge.lua

}  // namespace convoke
