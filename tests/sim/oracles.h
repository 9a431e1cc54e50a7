// The oracles: one promise each, judged from outside. Each has a file of its own in oracles/.
#pragma once

#include <memory>
#include <vector>

#include "core/guard/lineage_token.h"
#include "tests/sim/court.h"

namespace convoke::sim {

using Oracles = std::vector<std::unique_ptr<Observer>>;

// I1 a 202 is in the store after any crash.
[[nodiscard]] std::unique_ptr<Observer> accepted_is_durable(Court& court);
// I2 settled at most once, in the end exactly once, and as it really went.
[[nodiscard]] std::unique_ptr<Observer> settled_once(Court& court);
// I3 only the current epoch settles; epochs only grow.
[[nodiscard]] std::unique_ptr<Observer> only_the_current_epoch_settles(Court& court);
// I4 accepted = ready + delayed + claimed + settled.
[[nodiscard]] std::unique_ptr<Observer> conserved(Court& court);
// I5 no start after a kill switch was answered; none of a deleted function or a stopped call, none
// on old code.
[[nodiscard]] std::unique_ptr<Observer> no_start_after_the_answer(Court& court);
// I6 instances <= limit, on all shards together.
[[nodiscard]] std::unique_ptr<Observer> within_limits(Court& court);
// I7 no call begins as one visit too many, none loses what stands above it, and none is refused for
// visits that there were not.
[[nodiscard]] std::unique_ptr<Observer> lineage_holds(Court& court, const LineageSeal& seal);
// I7 no root causes more calls than its budget has.
[[nodiscard]] std::unique_ptr<Observer> within_budget(Court& court, const LineageSeal& seal);
// I8 each request gets one answer or a close.
[[nodiscard]] std::unique_ptr<Observer> one_answer_or_a_close(Court& court);
// I9 answered, and killed, by the deadline and a grace.
[[nodiscard]] std::unique_ptr<Observer> over_by_the_deadline(Court& court);
// I10 every queue is within its maximum.
[[nodiscard]] std::unique_ptr<Observer> within_maxima(Court& court);
// I11 at the end nothing is left.
[[nodiscard]] std::unique_ptr<Observer> nothing_is_left(Court& court);
// I12 the history shows what became of each call, whatever crashed: it catches up from the
// journals.
[[nodiscard]] std::unique_ptr<Observer> history_agrees(Court& court);
// I14 each end that has a destination reaches it, or is given up aloud.
[[nodiscard]] std::unique_ptr<Observer> destination_reached(Court& court);
// I15 an engine that is being stopped claims nothing, and leaves nobody without an answer.
[[nodiscard]] std::unique_ptr<Observer> stopped_with_grace(Court& court);
// I13 (the same seed twice gives the same trace) is judged by run.h.

[[nodiscard]] Oracles all_oracles(Court& court, const LineageSeal& seal);

}  // namespace convoke::sim
