// A month of timers on two engines, one of which is killed half way: `timers_run [TIMERS] [SEED]`.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "tests/timers/timers_sim.h"

int main(int count, char** arguments) {
  using namespace convoke;
  constexpr Seconds kDay{86'400};
  timers_sim::Plan plan;
  plan.timers = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 10'000;
  plan.seed = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 1;
  plan.from = wall_from_ms(1'709'251'200'000);  // March 2024: New York, Berlin and Lord Howe change
  plan.lasts = 38 * kDay;
  plan.dies_after = 19 * kDay;
  plan.stays_dead = kDay;
  plan.cut_one_in = 1000;
  const auto begun = std::chrono::steady_clock::now();
  const timers_sim::Report report = timers_sim::run(plan);
  const auto took = std::chrono::steady_clock::now() - begun;
  fmt::print(
      "{} timers, {} days: {} due times, {} fired ({} accepts tried, {} connections cut); {} "
      "missing, {} repeated, {} not due; {} ms late at most; took {:.1f} s\n{}\n",
      plan.timers, plan.lasts / kDay, report.due, report.fired, report.tried, report.cut,
      report.missing, report.repeated, report.unasked, report.latest.count(),
      std::chrono::duration<double>(took).count(), report.first_wrong);
  return report.first_wrong.empty() ? 0 : 1;
}
