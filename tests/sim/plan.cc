#include "tests/sim/plan.h"

namespace convoke::sim {

const std::vector<PlantedRow>& planted_bugs() {
  static const std::vector<PlantedRow> rows = {
      {Planted::kAcknowledgesBeforeSync, "acknowledges-before-sync"},
      {Planted::kForgetsDelayed, "forgets-delayed"},
      {Planted::kAcceptsStale, "accepts-stale"},
      {Planted::kSwallowsSettle, "swallows-settle"},
      {Planted::kMiscounts, "miscounts"},
      {Planted::kKillSwitchHalfway, "kill-switch-halfway"},
      {Planted::kLimitPlusOne, "limit-plus-one"},
      {Planted::kOverfills, "overfills"},
      {Planted::kAnswersTwice, "answers-twice"},
      {Planted::kNeverAnswers, "never-answers"},
      {Planted::kOutlivesKill, "outlives-kill"},
      {Planted::kUnseeded, "unseeded"},
      {Planted::kStopForgotten, "stop-forgotten"},
      {Planted::kHistoryForgets, "history-forgets"},
      {Planted::kRetellsNothing, "retells-nothing"},
      {Planted::kLosesSuccessor, "loses-successor"},
      {Planted::kDeliversNowhere, "delivers-nowhere"},
      {Planted::kClaimsWhileDrained, "claims-while-drained"},
      {Planted::kStopsAtOnce, "stops-at-once"},
      {Planted::kShedsLineage, "sheds-lineage"},
      {Planted::kLooksAway, "looks-away"},
      {Planted::kChargesNobody, "charges-nobody"},
      {Planted::kUnfencedEnds, "unfenced-ends"},
      {Planted::kTakesOverUnretired, "takes-over-unretired"},
      {Planted::kLeavesRetired, "leaves-retired"},
      {Planted::kAcknowledgesUnsaid, "acknowledges-unsaid"},
      {Planted::kHidesRepeats, "hides-repeats"},
      {Planted::kIgnoresDelay, "ignores-delay"},
  };
  return rows;
}

std::string flags_of(const Plan& plan) {
  std::string flags = "--seed " + std::to_string(plan.seed);
  if (plan.shared) flags += " --shared";
  if (plan.requests > 0) flags += " --requests " + std::to_string(plan.requests);
  if (plan.backlog > 0) flags += " --backlog " + std::to_string(plan.backlog);
  const char* separator = " --without ";
  for (const FaultRow& row : kAtlas) {
    if ((plan.off & bit(row.fault)) == 0) continue;
    (flags += separator) += row.name;
    separator = ",";
  }
  for (const PlantedRow& row : planted_bugs()) {
    if (row.planted == plan.planted) (flags += " --plant ") += row.name;
  }
  return flags;
}

Result<FaultSet> faults_named(std::string_view commas) {
  FaultSet faults = 0;
  while (!commas.empty()) {
    const std::string_view name = commas.substr(0, commas.find(','));
    commas.remove_prefix(std::min(commas.size(), name.size() + 1));
    FaultSet one = 0;
    for (const FaultRow& row : kAtlas) {
      if (row.name == name) one = bit(row.fault);
    }
    if (one == 0) {
      return Error{ErrorCode::kInvalidArgument, "no such fault: '" + std::string(name) + "'"};
    }
    faults |= one;
  }
  return faults;
}

}  // namespace convoke::sim
