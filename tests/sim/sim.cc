// The simulation as a program: many seeds in a night, or one again.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "tests/sim/run.h"

namespace convoke::sim {
namespace {

struct Options {
  Plan plan;
  std::uint64_t seeds = 0;
  std::uint64_t from = 1;
  std::uint64_t failures_max = 5;
  bool shrink = true;
};

int replay(const Plan& plan) {
  const Judged once = run_twice(plan);
  std::printf("%s\n%s", report(plan, once).c_str(), once.coverage.text().c_str());
  return once.verdict ? 1 : 0;
}

void show_failure(const Options& options, const Plan& plan, const Judged& failed) {
  std::printf("%s", report(plan, failed).c_str());
  if (!options.shrink) return;
  const Plan smaller = shrink(plan);
  std::printf("  smaller: build/tests/sim/sim_run %s\n\n", flags_of(smaller).c_str());
}

int run_many(const Options& options) {
  Coverage covered;
  std::uint64_t failures = 0;
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < options.seeds && failures < options.failures_max; ++i) {
    Plan plan = options.plan;
    plan.seed = options.from + i;
    const Judged once = run(plan);
    covered.add(once.coverage);
    if (!once.verdict) continue;
    ++failures;
    show_failure(options, plan, once);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%s%.1f seeds/s, %llu failed\n", covered.text().c_str(),
              static_cast<double>(covered.runs) / took.count(),
              static_cast<unsigned long long>(failures));
  return failures > 0 ? 1 : 0;
}

int main(int argc, char** argv) {
  Options options;
  std::string without;
  std::string plant;
  CLI::App app("Whole engines in virtual time, with every fault of the atlas");
  app.add_option("--seeds", options.seeds, "run that many; without it, one seed, twice");
  app.add_option("--from", options.from, "the first of them");
  app.add_option("--seed", options.plan.seed, "run this one");
  app.add_option("--requests", options.plan.requests, "callers in the storm; 0: as the seed says");
  app.add_flag("--shared", options.plan.shared, "several engines on one server, not one alone");
  app.add_option("--backlog", options.plan.backlog, "and before them, for a function at limit 0");
  app.add_option("--without", without, "faults that do not strike: crash,hangs,...");
  app.add_option("--plant", plant, "a bug to be found");
  app.add_option("--failures", options.failures_max, "stop after so many");
  app.add_flag("--shrink,!--no-shrink", options.shrink, "make failures smaller");
  CLI11_PARSE(app, argc, argv);
  const auto off = faults_named(without);
  if (!off) return std::printf("%s\n", off.error().message.c_str()), 2;
  options.plan.off = *off;
  for (const PlantedRow& row : planted_bugs()) {
    if (row.name == plant) options.plan.planted = row.planted;
  }
  name_plan_on_abort();
  return options.seeds > 0 ? run_many(options) : replay(options.plan);
}

}  // namespace
}  // namespace convoke::sim

int main(int argc, char** argv) { return convoke::sim::main(argc, argv); }
