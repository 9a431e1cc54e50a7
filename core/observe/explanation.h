// Why an accepted call is not running, and what happens next: one rule, and words for a person.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/call_state.h"
#include "core/model/instant.h"

namespace convoke {

// Where a function's queued calls are let in few at a time: how many at once, how many are, and for
// how long none is; on the shards of this engine that let in no more now.
struct NarrowWindow {
  std::uint32_t limit = 0;
  std::uint32_t under_way = 0;
  Duration pause{};
};

// How the call stands, and the function and the engine that was asked.
struct Circumstances {
  CallState state = CallState::kEnqueued;
  WallTime now{};
  WallTime due{};                      // at first, or of its next attempt
  std::uint32_t retries = 0;           // attempts so far
  bool function_there = true;          // else deleted
  std::string switched_off;            // what a kill switch says; "": none is on
  std::optional<std::uint32_t> limit;  // of instances, on all engines together; nullopt: none
  std::uint32_t allowed = 0;           // of it, to this engine now; where there is a limit
  std::uint32_t instances = 0;         // of the function, on this engine
  std::uint64_t ready = 0;             // calls of the function that wait for an instance
  std::optional<std::uint64_t> ahead;  // of them, those that go before it (CallPosition::ahead)
  std::uint16_t queues = 1;            // of the function on this engine: `ahead` is of one of them
  bool may_start = true;               // this engine
  Millis backoff_max = Millis::max();  // after so many attempts: what waits longer lacks a token
  std::optional<NarrowWindow> window;
};

struct Explanation {
  std::string_view rule;  // ended, running, deleted, stopped, delay, backOff, retryBudget, noLease,
                          // overload, limit, queue
  std::string text;       // a sentence or two
  std::optional<WallTime> until;                      // when the rule ends by itself
  std::optional<std::uint64_t> ahead = std::nullopt;  // as in Circumstances
};

[[nodiscard]] Explanation explain(const Circumstances& about);

}  // namespace convoke
