// The names of the keys in Redis. SCHEMA.md says what lies under each.
//
// All keys of a function have one hash tag, so that they lie in one slot of a cluster and a script
// may touch them together: `{PREFIX:FUNCTION}:q` and so on. The line beside a function, on which
// its deliveries wait, has the function's tag and history, and a queue of its own:
// `{PREFIX:FUNCTION}:dq`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/ids.h"

namespace convoke::redis {

inline constexpr std::string_view kPrefixDefault = "convoke";  // of all keys

class FunctionKeys {
 public:
  FunctionKeys(std::string_view prefix, FunctionId function);

  // In the order in which every script takes them: stream, delayed, counts, leases, names.
  [[nodiscard]] const std::array<std::string, 5>& all() const { return keys_; }
  // And those of the history, in the order in which scripts take them behind the others.
  enum HistoryKey : std::uint8_t {
    kRecords,
    kAttempts,
    kEvents,
    kResults,
    kNamed,
    kFailed,
    kOver,
    kUnderWay,
    kEarly,
    kTaken,
    kHistoryKeys
  };
  [[nodiscard]] const std::array<std::string, kHistoryKeys>& history() const { return history_; }
  // One that is never there, behind the keys of every script (scripts.h).
  [[nodiscard]] const std::string& absent() const { return absent_; }
  [[nodiscard]] const std::string& names() const { return keys_[4]; }
  [[nodiscard]] const std::string& leases() const { return keys_[3]; }
  [[nodiscard]] const std::string& counts() const { return keys_[2]; }
  [[nodiscard]] const std::string& delayed() const { return keys_[1]; }
  [[nodiscard]] const std::string& stream() const { return keys_[0]; }
  // Of the event of a call that lies apart (apart.h), by its apart_id().
  [[nodiscard]] std::string event(std::string_view id) const;

 private:
  std::string tag_;
  std::array<std::string, 5> keys_;
  std::array<std::string, kHistoryKeys> history_;
  std::string absent_;
};

// Of the whole installation.
struct SharedKeys {
  explicit SharedKeys(std::string_view prefix);
  std::string incarnation;  // the last one that was given out
  std::string engines;      // incarnation -> its last heartbeat, by the server's clock
  std::string functions;    // that have ever had a call
  std::string token_key;    // fingerprint of the key that all engines make credentials with
  std::string waiting;      // functions whose ready calls nobody has taken
  std::string collected;    // there, if an engine has looked for what is too old lately
  // Channels.
  std::string ready;    // names those that wait
  std::string stops;    // calls that whoever holds them is to end
  std::string stopped;  // how that went
};

// A function as it is named in a key or a set: a number of 64 bits, whose highest may be set.
[[nodiscard]] std::optional<FunctionId> parse_function(std::string_view text);

[[nodiscard]] std::string functions_of(std::string_view prefix, std::uint64_t incarnation);

}  // namespace convoke::redis
