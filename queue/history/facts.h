// What happens to the calls that history keeps, as values: told by a store, applied by History.
//
// Kept are calls with a name (stateful ones) from their acceptance on, calls without one once they
// have failed, and for which due time each timer fired last. Facts that stand in a journal are told
// once each, in the order of their records, together with how far they reach (Mark); those marked
// volatile stand in no journal, and are void after a restart.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/model/ids.h"
#include "core/model/instant.h"
#include "queue/queue.h"

namespace convoke::history {

// How far into a journal: all records before this place have been told.
struct Mark {
  std::uint64_t segment = 0;  // sequence; 0: nothing yet
  std::uint32_t offset = 0;
  friend auto operator<=>(const Mark&, const Mark&) = default;  // NOLINT: no pointer here
};

struct Accepted {
  CallId id;
  FunctionId function;
  std::string qualifier;
  std::string name;  // empty: a call without a name, told when it has failed
  std::string event;
  WallTime accepted{};
  WallTime due{};
};

struct Dequeued {  // volatile
  CallId id;
  WallTime at{};
};

struct Started {  // volatile
  CallId id;
  WallTime at{};
  std::string instance_id;
};

// Claimed and given back: it waits again. Volatile.
struct GivenBack {
  CallId id;
  WallTime at{};
};

// It is under way, and a stop was asked for: it ends soon, most often as Stopped. Volatile.
struct Stopping {
  CallId id;
  WallTime at{};
};

// An attempt has ended, and the call runs again at `due`.
struct Attempted {
  CallId id;
  WallTime at{};
  WallTime due{};
  std::uint32_t retries = 0;  // attempts so far, this one included
  AttemptReport report;
};

// Nothing more will come. For a call without a name that failed, Accepted precedes it.
struct Finished {
  CallId id;
  WallTime at{};
  Settlement settlement = Settlement::kSucceeded;
  AttemptReport report;
  std::string result;  // what the function answered, or the error's body; at most result_max
  bool result_cut = false;
  std::string destination_status;  // "": the call has no destination
  std::uint32_t retries = 0;       // attempts before the last one
};

// What became of the delivery of a call's outcome.
struct Delivered {
  CallId id;  // of the call, not of the delivery
  WallTime at{};
  std::string destination_status;
};

// A trigger has fired: the id says which, and for which due time (core/model/firing.h).
struct Fired {
  CallId id;
};

using Fact = std::variant<Accepted, Dequeued, Started, Stopping, GivenBack, Attempted, Finished,
                          Delivered, Fired>;

// One journal's facts up to a mark, applied together or not at all.
struct Chapter {
  std::uint32_t journal = 0;
  Mark upto;  // unchanged when all facts are volatile
  std::vector<Fact> facts;
};

}  // namespace convoke::history
