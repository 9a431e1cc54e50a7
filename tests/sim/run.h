// Runs a plan, says what came of it, and makes a failing plan smaller.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "tests/sim/court.h"
#include "tests/sim/plan.h"

namespace convoke::sim {

// What runs have covered: each fault, each end of a call.
struct Coverage {
  std::uint64_t runs = 0;
  std::uint64_t lives = 0;
  std::uint64_t turns = 0;
  std::uint64_t calls = 0;
  std::uint64_t synchronous = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;  // answered 4xx or 5xx
  std::uint64_t closed = 0;
  std::uint64_t followers = 0;             // calls of functions that are destinations
  std::uint64_t deliveries = 0;            // to URLs
  std::uint64_t settled_by_crash = 0;      // durable, and nobody was told
  std::array<std::uint64_t, 5> settled{};  // by Settlement
  std::array<std::uint64_t, kFaults> faults{};

  void add(const Coverage& other);
  [[nodiscard]] std::string text() const;
};

struct Judged {
  std::optional<Verdict> verdict;  // nullopt: all oracles are content
  std::uint64_t hash = 0;
  std::string last_events;
  Coverage coverage;
};

[[nodiscard]] Judged run(const Plan& plan);
// Twice, and I13 judges whether both went the same way.
[[nodiscard]] Judged run_twice(const Plan& plan);

// The failing plan with fewer requests and fewer faults, as long as the same oracle is red.
[[nodiscard]] Plan shrink(const Plan& failing);

// For a reader at 3 a.m.: oracle, seed, virtual time, the last events, the command that replays it.
[[nodiscard]] std::string report(const Plan& plan, const Judged& judged);

// From here on, a process that aborts (a broken ENSURE) names the plan that was being run.
void name_plan_on_abort();

}  // namespace convoke::sim
