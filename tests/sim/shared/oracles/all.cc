#include "tests/sim/shared/oracles.h"

namespace convoke::sim::shared {

Oracles all_oracles(const Evidence& evidence) {
  Oracles oracles;
  for (const auto make :
       {accepted_lies_there, ends_once, only_its_holder_ends_it, the_counts_are_true,
        begins_what_it_holds, repeats_are_explained, begins_when_due}) {
    oracles.push_back(make(evidence));
  }
  for (const auto make : {one_answer_or_a_close, nothing_is_left}) {
    oracles.push_back(make(evidence.court));
  }
  oracles.push_back(lineage_holds(evidence.court, evidence.seal));
  return oracles;
}

}  // namespace convoke::sim::shared
