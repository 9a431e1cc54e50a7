// The simulation's share of every test run: a bounded number of seeds, the seeds that once failed,
// and the canaries. Many more in a night: build/tests/sim/sim_run --seeds 20000.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/sim/run.h"

namespace convoke::sim {
namespace {

constexpr std::uint64_t kSeeds = 300;
constexpr std::uint64_t kSharedSeeds = 200;

struct Kept {
  Plan plan;
  std::string story;
};

// "SEED [--shared] [--requests N] [--backlog N] [--without FAULTS] : story"
std::vector<Kept> kept_seeds() {
  std::ifstream file(SIM_SEEDS);
  std::vector<Kept> kept;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    Kept one;
    std::string word;
    std::istringstream words(line);
    words >> one.plan.seed;
    while (words >> word && word != ":") {
      if (word == "--requests") words >> one.plan.requests;
      if (word == "--backlog") words >> one.plan.backlog;
      if (word == "--shared") one.plan.shared = true;
      if (word == "--without" && words >> word) one.plan.off = *faults_named(word);
    }
    std::getline(words, one.story);
    kept.push_back(std::move(one));
  }
  return kept;
}

void expect_all_struck(const Coverage& covered, Where world) {
  for (std::size_t i = 0; i < kFaults; ++i) {
    if (kAtlas[i].where != Where::kBoth && kAtlas[i].where != world) continue;
    EXPECT_GT(covered.faults.at(i), 0U) << kAtlas[i].name << " has never struck";
  }
}

class Sim : public ::testing::Test {
 protected:
  Sim() { name_plan_on_abort(); }
};

TEST_F(Sim, EveryPromiseHoldsThroughStormAndCalm) {
  Coverage covered;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Plan plan;
    plan.seed = seed;
    const Judged once = run(plan);
    ASSERT_FALSE(once.verdict) << report(plan, once);
    covered.add(once.coverage);
  }
  expect_all_struck(covered, Where::kAlone);
  EXPECT_GT(covered.settled_by_crash, 0U);
  EXPECT_GT(covered.followers, 0U);
  EXPECT_GT(covered.deliveries, 0U);
}

TEST_F(Sim, EveryPromiseHoldsWhereSeveralEnginesShareAServer) {
  Coverage covered;
  for (std::uint64_t seed = 1; seed <= kSharedSeeds; ++seed) {
    Plan plan;
    plan.shared = true;
    plan.seed = seed;
    const Judged once = run(plan);
    ASSERT_FALSE(once.verdict) << report(plan, once);
    covered.add(once.coverage);
  }
  expect_all_struck(covered, Where::kShared);
  EXPECT_GT(covered.followers, 0U);
  EXPECT_GT(covered.deliveries, 0U);
}

TEST_F(Sim, SeedsThatOnceFailedDoNotAnyMore) {
  const auto kept = kept_seeds();
  ASSERT_FALSE(kept.empty()) << SIM_SEEDS;
  for (const Kept& one : kept) {
    const Judged once = run(one.plan);
    EXPECT_FALSE(once.verdict) << one.story << '\n' << report(one.plan, once);
  }
}

TEST_F(Sim, I13_TheSameSeedTwiceGoesTheSameWay) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Plan plan;
    plan.seed = seed;
    plan.shared = seed > 20;
    const Judged twice = run_twice(plan);
    EXPECT_FALSE(twice.verdict) << report(plan, twice);
  }
}

TEST_F(Sim, AFailingPlanIsMadeSmallerAndStillFailsAlike) {
  Plan plan;
  plan.planted = Planted::kNeverAnswers;
  Judged failed;
  for (plan.seed = 1; plan.seed < 50 && !failed.verdict; ++plan.seed) failed = run(plan);
  --plan.seed;
  ASSERT_TRUE(failed.verdict);
  const Plan smaller = shrink(plan);
  EXPECT_LT(smaller.requests, failed.coverage.calls);
  const Judged again = run(smaller);
  ASSERT_TRUE(again.verdict);
  EXPECT_EQ(again.verdict->oracle, failed.verdict->oracle);
}

TEST_F(Sim, AFailureSaysWhatWhenAndHowToSeeItAgain) {
  Plan plan;
  plan.planted = Planted::kAnswersTwice;
  Judged failed;
  for (plan.seed = 1; plan.seed < 50 && !failed.verdict; ++plan.seed) failed = run(plan);
  --plan.seed;
  ASSERT_TRUE(failed.verdict);
  const std::string text = report(plan, failed);
  for (const std::string& part :
       {std::string("I8"), "seed " + std::to_string(plan.seed), std::string("virtual time"),
        std::string("answered"), "sim_run " + flags_of(plan)}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  }
}

// The canaries: what catches none of these proves nothing.
struct Canary {
  Planted planted;
  std::string oracles;      // any of which may be the first to see it
  std::uint64_t seeds = 0;  // within which it must be caught
  bool shared = false;
};

TEST_F(Sim, ADeepBacklogComesToItsEndToo) {
  Plan plan;
  plan.backlog = 1500;
  std::uint64_t calls = 0;
  for (plan.seed = 1; plan.seed <= 3; ++plan.seed) {
    const Judged once = run(plan);
    ASSERT_FALSE(once.verdict) << report(plan, once);
    calls += once.coverage.calls;
  }
  EXPECT_GT(calls, plan.backlog) << "in all: a world may end before all have come";
}

class Canaries : public ::testing::TestWithParam<Canary> {};

std::string name_of_planted(Planted planted) {
  for (const PlantedRow& row : planted_bugs()) {
    if (row.planted == planted) return std::string(row.name);
  }
  return "";
}

std::string name_of_canary(const ::testing::TestParamInfo<Canary>& tried) {
  std::string name = name_of_planted(tried.param.planted);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

TEST_P(Canaries, APlantedBugIsCaught) {
  name_plan_on_abort();
  Plan plan;
  plan.planted = GetParam().planted;
  plan.shared = GetParam().shared;
  for (plan.seed = 1; plan.seed <= GetParam().seeds; ++plan.seed) {
    const Judged once = plan.planted == Planted::kUnseeded ? run_twice(plan) : run(plan);
    if (!once.verdict) continue;
    EXPECT_NE((" " + GetParam().oracles + " ").find(" " + once.verdict->oracle + " "),
              std::string::npos)
        << report(plan, once);
    RecordProperty("caught_by_seed", std::to_string(plan.seed));
    return;
  }
  ADD_FAILURE() << name_of_planted(plan.planted) << " was not caught in " << GetParam().seeds
                << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    Planted, Canaries,
    ::testing::Values(
        Canary{Planted::kAcknowledgesBeforeSync, "I1 I2 I4", 50},
        Canary{Planted::kForgetsDelayed, "I1 I4", 50}, Canary{Planted::kAcceptsStale, "I3", 400},
        Canary{Planted::kSwallowsSettle, "I2 I3 I11 I14", 10},
        Canary{Planted::kMiscounts, "I4", 10}, Canary{Planted::kKillSwitchHalfway, "I5 I6", 100},
        Canary{Planted::kLimitPlusOne, "I6", 50}, Canary{Planted::kOverfills, "I10", 50},
        Canary{Planted::kAnswersTwice, "I8", 10}, Canary{Planted::kNeverAnswers, "I8 I15", 10},
        Canary{Planted::kOutlivesKill, "I9 I11", 20}, Canary{Planted::kUnseeded, "I13", 5},
        Canary{Planted::kStopForgotten, "I2 I5", 50}, Canary{Planted::kHistoryForgets, "I12", 20},
        Canary{Planted::kRetellsNothing, "I12", 200}, Canary{Planted::kLosesSuccessor, "I14", 20},
        Canary{Planted::kDeliversNowhere, "I2 I12 I14", 20},
        Canary{Planted::kClaimsWhileDrained, "I15", 100}, Canary{Planted::kStopsAtOnce, "I15", 100},
        Canary{Planted::kShedsLineage, "I7", 50}, Canary{Planted::kLooksAway, "I7", 50},
        Canary{Planted::kChargesNobody, "I7", 100}),
    name_of_canary);

INSTANTIATE_TEST_SUITE_P(PlantedWhereAServerIsShared, Canaries,
                         ::testing::Values(Canary{Planted::kUnfencedEnds, "I2 I3", 200, true},
                                           Canary{Planted::kTakesOverUnretired, "I3 I4 I5 Q2", 200,
                                                  true},
                                           Canary{Planted::kLeavesRetired, "I2 I4 Q2", 50, true},
                                           Canary{Planted::kAcknowledgesUnsaid, "I1", 20, true},
                                           Canary{Planted::kHidesRepeats, "Q2", 50, true},
                                           Canary{Planted::kIgnoresDelay, "Q5", 20, true},
                                           Canary{Planted::kSwallowsSettle, "I2", 20, true},
                                           Canary{Planted::kMiscounts, "I4", 20, true},
                                           Canary{Planted::kNeverAnswers, "I8", 20, true},
                                           Canary{Planted::kShedsLineage, "I7", 50, true},
                                           Canary{Planted::kLooksAway, "I7", 50, true}),
                         name_of_canary);

}  // namespace
}  // namespace convoke::sim
