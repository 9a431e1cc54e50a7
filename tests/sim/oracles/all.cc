#include "tests/sim/oracles.h"

namespace convoke::sim {

Oracles all_oracles(Court& court, const LineageSeal& seal) {
  Oracles oracles;
  for (const auto make :
       {accepted_is_durable, settled_once, only_the_current_epoch_settles, conserved,
        no_start_after_the_answer, within_limits, one_answer_or_a_close, over_by_the_deadline,
        within_maxima, nothing_is_left, history_agrees, destination_reached, stopped_with_grace}) {
    oracles.push_back(make(court));
  }
  oracles.push_back(lineage_holds(court, seal));
  oracles.push_back(within_budget(court, seal));
  return oracles;
}

}  // namespace convoke::sim
