// Each due time fires once, on two engines that share a queue, whatever dies and is cut.
#include <gtest/gtest.h>

#include "tests/timers/timers_sim.h"

namespace convoke::timers_sim {
namespace {

constexpr Seconds kDay{86'400};
constexpr WallTime kMarch = wall_from_ms(1'709'251'200'000);  // 2024: the clocks change on the 10th

Plan days_around_a_change(std::uint64_t seed) {
  Plan plan;
  plan.seed = seed;
  plan.timers = 60;
  plan.from = kMarch + 8 * kDay;
  plan.lasts = 3 * kDay;
  return plan;
}

void expect_each_once(const Report& report) {
  EXPECT_EQ(report.first_wrong, "");
  EXPECT_EQ(report.missing + report.repeated + report.unasked, 0U);
  EXPECT_EQ(report.fired, report.due);
  EXPECT_GT(report.due, 100U);
}

TEST(TimersOfTwoEngines, EachDueTimeFiresOnceThroughAChangeOfTheClocks) {
  const Report report = run(days_around_a_change(1));
  expect_each_once(report);
  EXPECT_LT(report.latest, Seconds{1});
}

TEST(TimersOfTwoEngines, EachDueTimeFiresOnceThoughOneIsKilled) {
  Plan plan = days_around_a_change(2);
  plan.dies_after = kDay;
  plan.stays_dead = kDay / 3;
  expect_each_once(run(plan));
}

TEST(TimersOfTwoEngines, EachDueTimeFiresOnceThoughAnswersAreLost) {
  Plan plan = days_around_a_change(3);
  plan.cut_one_in = 7;
  const Report report = run(plan);
  expect_each_once(report);
  EXPECT_GT(report.cut, 10U);
}

}  // namespace
}  // namespace convoke::timers_sim
