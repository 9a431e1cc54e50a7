// What every part of a world shares, and which outlives them all.
#pragma once

#include <functional>

#include "core/edge/rng.h"
#include "core/guard/lineage_token.h"
#include "tests/queue/fake_log.h"
#include "tests/sim/agenda.h"
#include "tests/sim/atlas.h"
#include "tests/sim/observer.h"
#include "tests/sim/plan.h"

namespace convoke::sim {

struct Stage {
  explicit Stage(const Plan& made)
      : plan(made),
        rng(Rng::seeded(made.seed)),
        agenda(clock, rng.fork("ties")),
        chaos(rng.fork("chaos"), made.off) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  [[nodiscard]] bool planted(Planted bug) const { return plan.planted == bug; }

  const Plan plan;
  const Rng rng;  // to fork from
  SimClock clock;
  Agenda agenda;
  Chaos chaos;
  fake::FakeDisk disk;
  Observers seen;
  // What engines share to know each other's lineages.
  const LineageSeal seal{"the key of a simulated token"};
  // That call's code calls a function in its turn, with what it carries. The world's to set.
  std::function<void(const CallId& by, const CarriedLineage& with)> call_on;
};

}  // namespace convoke::sim
