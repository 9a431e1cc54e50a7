#include "tests/sim/run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "tests/sim/shared/world.h"
#include "tests/sim/world.h"

namespace convoke::sim {
namespace {

constexpr std::array<std::string_view, 5> kSettlements = {"succeeded", "failed", "stopped",
                                                          "expired", "invalid"};

std::string& plan_being_run() {
  static std::string flags;
  return flags;
}

void on_abort(int signal) {
  const std::string& flags = plan_being_run();
  constexpr std::string_view kBefore = "the simulation aborted; to see it again: sim_run ";
  (void)!::write(STDERR_FILENO, kBefore.data(), kBefore.size());
  (void)!::write(STDERR_FILENO, flags.data(), flags.size());
  (void)!::write(STDERR_FILENO, "\n", 1);
  (void)std::signal(signal, SIG_DFL);
  (void)std::raise(signal);
}

template <class AnyWorld>
Coverage coverage_of(const AnyWorld& world) {
  Coverage covered;
  covered.runs = 1;
  covered.lives = world.lives();
  covered.turns = world.trace().turns();
  for (const auto& [id, call] : world.ledger().calls()) {
    if (call.follows) ++(call.is_delivery ? covered.deliveries : covered.followers);
    if (!call.follows) ++covered.calls;
    if (!call.sent.asynchronous) ++covered.synchronous;
    if (call.acknowledged && !call.follows) ++covered.acknowledged;
    if (call.status >= 400) ++covered.refused;
    if (call.closed) ++covered.closed;
    if (call.settled_by_crash) ++covered.settled_by_crash;
    if (call.settled > 0) ++covered.settled.at(static_cast<std::size_t>(call.end->settlement));
  }
  for (std::size_t i = 0; i < kFaults; ++i) {
    covered.faults.at(i) = world.stage().chaos.struck(kAtlas[i].fault);
  }
  return covered;
}

template <class AnyWorld>
Judged run_world(const Plan& plan) {
  AnyWorld world(plan);
  world.run();
  return Judged{world.court().verdict(), world.trace().hash(), world.trace().last_events(),
                coverage_of(world)};
}

// The same failure in another plan, as far as one can tell.
bool fails_alike(const Plan& plan, const std::string& oracle) {
  const Judged tried = oracle == "I13" ? run_twice(plan) : run(plan);
  return tried.verdict && tried.verdict->oracle == oracle;
}

}  // namespace

void Coverage::add(const Coverage& other) {
  runs += other.runs;
  lives += other.lives;
  turns += other.turns;
  calls += other.calls;
  synchronous += other.synchronous;
  acknowledged += other.acknowledged;
  refused += other.refused;
  closed += other.closed;
  followers += other.followers;
  deliveries += other.deliveries;
  settled_by_crash += other.settled_by_crash;
  for (std::size_t i = 0; i < settled.size(); ++i) settled.at(i) += other.settled.at(i);
  for (std::size_t i = 0; i < kFaults; ++i) faults.at(i) += other.faults.at(i);
}

std::string Coverage::text() const {
  std::string text = fmt::format(
      "{} runs, {} lives, {} turns, {} calls ({} synchronous; {} acknowledged with 202; {} refused "
      "or failed; {} connections closed)\nfollowed by {} calls and {} deliveries\nsettled:",
      runs, lives, turns, calls, synchronous, acknowledged, refused, closed, followers, deliveries);
  for (std::size_t i = 0; i < settled.size(); ++i) {
    text += fmt::format(" {} {},", kSettlements.at(i), settled.at(i));
  }
  text += fmt::format(" by a crash {}\nfaults:\n", settled_by_crash);
  for (std::size_t i = 0; i < kFaults; ++i) {
    text += fmt::format("  {:<18}{:>10}  {}\n", kAtlas[i].name, faults.at(i), kAtlas[i].what);
  }
  return text;
}

Judged run(const Plan& plan) {
  spdlog::set_level(spdlog::level::off);  // what the engine says of faults is no news here
  plan_being_run() = flags_of(plan);
  return plan.shared ? run_world<shared::World>(plan) : run_world<World>(plan);
}

Judged run_twice(const Plan& plan) {
  Judged first = run(plan);
  const Judged second = run(plan);
  if (!first.verdict && first.hash != second.hash) {
    first.verdict = Verdict{"I13", "the same seed went another way the second time", Instant{}};
  }
  return first;
}

Plan shrink(const Plan& failing) {
  Plan best = failing;
  const auto verdict = run_twice(best).verdict;
  if (!verdict) return best;
  const auto keep_if_alike = [&](const Plan& smaller) {
    if (fails_alike(smaller, verdict->oracle)) best = smaller;
  };
  if (best.requests == 0) best.requests = static_cast<std::uint32_t>(run(best).coverage.calls);
  for (std::uint32_t cut = best.requests / 2; cut > 0; cut /= 2) {
    Plan smaller = best;
    smaller.requests = std::max<std::uint32_t>(1, best.requests - std::min(cut, best.requests));
    keep_if_alike(smaller);
  }
  for (const FaultRow& row : kAtlas) {
    Plan smaller = best;
    smaller.off |= bit(row.fault);
    keep_if_alike(smaller);
  }
  return best;
}

std::string report(const Plan& plan, const Judged& judged) {
  if (!judged.verdict) return "nothing is wrong: " + flags_of(plan);
  const std::chrono::duration<double> at = judged.verdict->at.time_since_epoch();
  return fmt::format(
      "{} is broken: {}\n  seed {}, at {:.6f} s of virtual time; the last events:\n{}"
      "  to see it again: build/tests/sim/sim_run {}\n",
      judged.verdict->oracle, judged.verdict->what, plan.seed, at.count(), judged.last_events,
      flags_of(plan));
}

void name_plan_on_abort() {
  (void)std::signal(SIGABRT, on_abort);
  (void)std::signal(SIGSEGV, on_abort);
}

}  // namespace convoke::sim
