// The server of the exploration: what lies in the stand-in's database, and the same functions that
// stand for the Lua scripts there. What it has once answered it looks up: a state of it is a
// number.
//
// Its clock stands still. Time passes by making everything older (aged()): the scripts look at
// differences alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/model/instant.h"
#include "queue/redis/keys.h"
#include "queue/redis/lease.h"
#include "tests/model/lease/rules.h"
#include "tests/redis_stand_in/command_table.h"

namespace convoke::lease {

using stand_in::Value;
using stand_in::Words;

inline constexpr Duration kLease = redis::kLeaseDefault;
inline constexpr Duration kTick = redis::beat_every(kLease);
inline constexpr std::int64_t kTickMs = kTick / Millis{1};
inline constexpr std::int64_t kServerNow = 1'000'000'000;  // ms
inline constexpr FunctionId kFunction{1};

inline constexpr std::int64_t kBuried = -1;     // it is not among those that live
inline constexpr std::int64_t kCondemned = -2;  // its burial has begun

// What an engine asks of it.
enum class Verb : std::uint8_t {
  kEnter,
  kBeat,     // heartbeat.lua
  kAccept,   // accept.lua
  kJoin,     // noted first: SADD, join.lua
  kClaim,    // claim.lua, or XREADGROUP and claimed.lua
  kFinish,   // finish.lua
  kPending,  // XPENDING, of one incarnation
  kLeases,   // HGETALL, stand.lua
  kLiving,   // ZRANGE
  kCondemn,  // condemn.lua; here begin the steps of a burial
  kMembers,  // SMEMBERS
  kRetire,   // retire.lua
  kForget,   // ZREM, DEL
};
[[nodiscard]] const char* name_of(Verb verb);

class Servers {
 public:
  using Id = std::uint32_t;
  struct Outcome {
    Id next = 0;
    Value reply;
  };

  explicit Servers(const Rules& rules);

  [[nodiscard]] const Outcome& execute(Id server, Verb verb, const Words& words);
  [[nodiscard]] Id aged(Id server);  // by a tick

  [[nodiscard]] stand_in::Data& data(Id server) { return states_[server]; }
  // Of the function. nullptr: nobody has joined or accepted yet.
  [[nodiscard]] const stand_in::Stream* stream(Id server);
  [[nodiscard]] const stand_in::Group* group(Id server);
  [[nodiscard]] const stand_in::SortedSet* delayed(Id server);
  [[nodiscard]] std::map<std::string, std::string> leases(Id server);
  [[nodiscard]] std::map<std::string, std::string> counts(Id server);
  // For how long it has not been heard of, in ticks; or one of the two below.
  [[nodiscard]] std::int64_t silence(Id server, const std::string& incarnation);

  [[nodiscard]] const redis::FunctionKeys& keys() const { return keys_; }

 private:
  [[nodiscard]] Id intern(stand_in::Data data);
  [[nodiscard]] Value run(stand_in::Data& data, Verb verb, const Words& words) const;
  [[nodiscard]] Value run_script(stand_in::Data& data, Verb verb, const Words& words) const;
  [[nodiscard]] bool claims_plainly(stand_in::Data& data, const Words& words) const;
  [[nodiscard]] Value count_claimed(stand_in::Data& data, const std::string& incarnation) const;
  [[nodiscard]] Value claim_plainly(stand_in::Data& data, const Words& words) const;
  [[nodiscard]] Value plain(stand_in::Data& data, const Words& words) const;

  const Rules rules_;
  const redis::FunctionKeys keys_{"m", kFunction};
  const redis::SharedKeys shared_{"m"};
  std::vector<stand_in::Data> states_;
  std::unordered_map<std::string, Id> ids_;
  std::unordered_map<std::string, Outcome> outcomes_;
  std::unordered_map<Id, Id> aged_;
};

// Everything that lies there and that a script could see.
[[nodiscard]] std::string encoded(const stand_in::Data& data);

}  // namespace convoke::lease
