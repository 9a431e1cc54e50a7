// What lies in Redis of calls that the history keeps, as bytes. Pure; SCHEMA.md has the tables for
// an operator.
//
// A record is a fixed head, then qualifier, name and destination status; scripts change it in place
// (records.lua). Attempts lie beside it, each under the call's id and the attempt's number.
//
//     0  1  state         19  6  ended         33  1  bytes of the qualifier
//     1  6  accepted      25  2  retries       34  1  bytes of the name
//     7  6  due           27  4  events
//    13  6  last started  31  2  attempts
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/history/shown.h"
#include "queue/redis/stream_id.h"

namespace convoke::redis {

struct KeptRecord {
  history::Record record;      // without what its attempts say, and without payload
  std::uint64_t events = 0;    // so far
  std::uint32_t attempts = 0;  // so far, modulo 2^16
};
// nullopt: no record of ours.
[[nodiscard]] std::optional<KeptRecord> parse_record(FunctionId function, const CallId& id,
                                                     std::string_view bytes);

// As scripts take an attempt that has ended, or an end without one. Texts are cut to their limits.
[[nodiscard]] std::string encode_attempt(CallState became, WallTime ended,
                                         const AttemptReport& report);
// As scripts leave it: behind the number of its first event.
[[nodiscard]] std::optional<history::Attempt> parse_attempt(std::string_view bytes);
// Under which those lie that are kept, the oldest first.
[[nodiscard]] std::vector<std::string> attempt_fields(const CallId& id, std::uint32_t attempts);

// What a function answered.
[[nodiscard]] std::string encode_result(std::string_view result, bool cut);
void parse_result(std::string_view bytes, history::Record& record);

// A claimed call that has a name, while the lease of the incarnation that noted it lasts.
struct UnderWayNote {
  std::uint64_t incarnation = 0;
  StreamId place;
  history::Held held;
};
[[nodiscard]] std::string encode_note(const UnderWayNote& note);
[[nodiscard]] std::optional<UnderWayNote> parse_note(std::string_view bytes);

}  // namespace convoke::redis
