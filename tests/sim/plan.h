// Everything that one run is made from: the same plan gives the same run, to the last event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"
#include "tests/sim/atlas.h"

namespace convoke::sim {

// Bugs put in by purpose, outside of the product: what catches none of these proves nothing.
enum class Planted : std::uint8_t {
  kNone,
  kAcknowledgesBeforeSync,  // the disk says "synced" before anything is
  kForgetsDelayed,          // a delayed call is overlooked at recovery
  kAcceptsStale,            // a receipt that has been used is taken once more
  kSwallowsSettle,          // a settle is reported that was never written
  kMiscounts,               // accepted counts one too many
  kKillSwitchHalfway,       // the kill switch is answered before the shards know
  kLimitPlusOne,            // one instance more than the limit
  kOverfills,               // the queue takes more than its maximum
  kAnswersTwice,            // a request gets its answer once more
  kNeverAnswers,            // or none
  kOutlivesKill,            // an instance that no signal ends
  kUnseeded,                // chance that does not come from the seed
  kStopForgotten,           // a stop is answered that the store never heard of
  kHistoryForgets,          // the history is not told of an end
  kRetellsNothing,          // nor, after a crash, of what it had not taken in
  kLosesSuccessor,          // an end is written without what follows it
  kDeliversNowhere,         // a URL is said to have answered that got nothing
  kClaimsWhileDrained,      // an engine that is being stopped goes on claiming
  kStopsAtOnce,             // or waits for nobody
  kShedsLineage,            // what is queued forgets by whom it was called
  kLooksAway,               // nobody asks whether a queued call is one too many
  kChargesNobody,           // or whether its root may cause any more
  // Where engines share a server.
  kUnfencedEnds,        // the server ends an attempt without looking at the lease
  kTakesOverUnretired,  // what a silent engine holds is handed out before it is retired
  kLeavesRetired,       // a burial that leaves the lease
  kAcknowledgesUnsaid,  // and acknowledges them before the server has answered
  kHidesRepeats,        // or does not say that a call may have run before
  kIgnoresDelay,        // or takes a delayed call for one that is due
};
struct PlantedRow {
  Planted planted;
  std::string_view name;
};
[[nodiscard]] const std::vector<PlantedRow>& planted_bugs();

struct Plan {
  std::uint64_t seed = 1;
  std::uint32_t requests = 0;  // how many callers come in the storm; 0: drawn from the seed
  std::uint32_t backlog = 0;   // and before them, for a function that may not run yet
  FaultSet off = 0;            // faults that do not strike, beside those that the seed leaves out
  Planted planted = Planted::kNone;
  bool shared = false;  // several engines on one server, instead of one on its journals
};

// "--seed 7 --requests 40 --backlog 2000 --without crash,hangs".
[[nodiscard]] std::string flags_of(const Plan& plan);
[[nodiscard]] Result<FaultSet> faults_named(std::string_view commas);

}  // namespace convoke::sim
