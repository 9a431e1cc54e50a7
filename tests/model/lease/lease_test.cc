// The lease protocol of the store on Redis, explored (queue/redis/LEASE.md).
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tests/model/lease/explorer.h"

namespace convoke::lease {
namespace {

Explored explored(const Rules& rules, const Bounds& bounds) {
  const auto began = std::chrono::steady_clock::now();
  Explored found = explore(rules, bounds);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << found.states << " states, " << found.steps << " steps, " << found.finals
            << " final states, " << took.count() << " s\n";
  if (!found.violated.empty()) std::cout << found.violated << '\n';
  for (const std::string& step : found.trace) std::cout << "  " << step << '\n';
  return found;
}

// All invariants hold, and whatever has happened, without another fault all calls can be settled.
void expect_holds(const Bounds& bounds, const Rules& rules = {}) {
  const Explored found = explored(rules, bounds);
  EXPECT_EQ(found.violated, "");
  EXPECT_EQ(found.stuck, 0u);
  EXPECT_TRUE(found.whole);
}

// `invariant`: by its number; "stuck": there is a state from which no call can be settled.
void expect_fails(const Rules& rules, Bounds bounds, const std::string& invariant) {
  bounds.counts = false;
  const Explored found = explored(rules, bounds);
  EXPECT_FALSE(found.trace.empty());
  if (invariant == "stuck") {
    EXPECT_GT(found.stuck, 0u);
  } else {
    EXPECT_EQ(found.violated.substr(0, 2), invariant);
  }
}

Bounds one_call() {
  Bounds bounds;
  bounds.calls = 1;
  return bounds;
}

Bounds one_call_that_waits() {
  Bounds bounds = one_call();
  bounds.accepted = 1;
  return bounds;
}

Bounds two_calls_that_wait() {
  Bounds bounds;
  bounds.accepted = 2;
  return bounds;
}

// ---- one fault, at any moment ----

TEST(Lease, HoldsThroughACrash) {
  Bounds bounds = one_call();
  bounds.faults.crashes = 1;
  expect_holds(bounds);
}

TEST(Lease, HoldsThroughAPause) {
  Bounds bounds = one_call();
  bounds.faults.pauses = 1;
  expect_holds(bounds);
}

TEST(Lease, HoldsThroughALostConnection) {
  Bounds bounds = one_call();
  bounds.faults.cuts = 1;
  expect_holds(bounds);
}

TEST(Lease, HoldsThroughACommandOrAnAnswerThatTakesItsTime) {
  Bounds bounds = one_call();
  bounds.faults.delays = 1;
  expect_holds(bounds);
}

TEST(Lease, CallsThatAreTakenTwoAtATimeHoldThroughACrash) {
  Bounds bounds = two_calls_that_wait();
  bounds.claim_max = 2;
  bounds.faults.crashes = 1;
  expect_holds(bounds);
}

TEST(Lease, AnEngineAloneHoldsThroughCommandsThatItsLastConnectionBringsLate) {
  Bounds bounds = one_call();
  bounds.engines = 1;
  bounds.faults.cuts = bounds.faults.delays = bounds.faults.lates = 1;
  expect_holds(bounds);
}

TEST(Lease, APostponedCallHoldsThroughACrash) {
  Bounds bounds = one_call_that_waits();
  bounds.faults.postpones = bounds.faults.crashes = 1;
  expect_holds(bounds);
}

TEST(Lease, AGivenBackCallHoldsThroughALostConnection) {
  Bounds bounds = one_call_that_waits();
  bounds.faults.returns = bounds.faults.cuts = 1;
  expect_holds(bounds);
}

Budget budget(std::uint8_t delays, std::uint8_t cuts, std::uint8_t lates, std::uint8_t pauses,
              std::uint8_t crashes) {
  Budget faults;
  faults.delays = delays;
  faults.cuts = cuts;
  faults.lates = lates;
  faults.pauses = pauses;
  faults.crashes = crashes;
  return faults;
}

// ---- claims that go without the script that hands calls out ----

class LeaseOfPlainClaims : public testing::TestWithParam<Budget> {};

TEST_P(LeaseOfPlainClaims, HoldsThrough) {
  Rules rules;
  rules.claims_plainly = true;
  Bounds bounds = one_call_that_waits();
  bounds.faults = GetParam();
  expect_holds(bounds, rules);
}

// delays, cuts, lates, pauses, crashes
INSTANTIATE_TEST_SUITE_P(OneFault, LeaseOfPlainClaims,
                         testing::Values(budget(0, 0, 0, 0, 1), budget(0, 0, 0, 1, 0),
                                         budget(0, 1, 0, 0, 0), budget(1, 0, 0, 0, 0)));

TEST(Lease, AnEngineAloneThatClaimsPlainlyHoldsThroughCommandsThatItsLastConnectionBringsLate) {
  Rules rules;
  rules.claims_plainly = true;
  Bounds bounds = one_call();
  bounds.engines = 1;
  bounds.faults = budget(1, 1, 1, 0, 0);
  expect_holds(bounds, rules);
}

// ---- two faults: minutes, so when they are asked for ----

class LeaseInDepth : public testing::TestWithParam<Budget> {};

TEST_P(LeaseInDepth, Holds) {
  if (std::getenv("CONVOKE_LEASE_IN_DEPTH") == nullptr) GTEST_SKIP() << "CONVOKE_LEASE_IN_DEPTH";
  Bounds bounds = one_call_that_waits();
  bounds.faults = GetParam();
  expect_holds(bounds);
}

INSTANTIATE_TEST_SUITE_P(Pairs, LeaseInDepth,
                         testing::Values(budget(0, 2, 0, 0, 0), budget(0, 1, 0, 1, 0),
                                         budget(0, 0, 0, 1, 1), budget(0, 1, 0, 0, 1),
                                         budget(1, 0, 0, 1, 0), budget(1, 0, 1, 0, 1),
                                         budget(1, 1, 1, 0, 0)));

// ---- what is broken on purpose is found ----

TEST(Lease, L2_AnEndThatDoesNotLookAtTheLeaseIsFound) {
  Rules rules;
  rules.finish_looks_at_the_lease = false;
  Bounds bounds = one_call_that_waits();
  bounds.faults.pauses = 1;
  expect_fails(rules, bounds, "L2");
}

TEST(Lease, ACallIsStuckIfAPlainClaimDoesNotLookAtTheLease) {
  Rules rules;
  rules.claims_plainly = true;
  rules.plain_claim_looks_at_the_lease = false;
  Bounds bounds = one_call_that_waits();
  bounds.faults.pauses = 1;
  expect_fails(rules, bounds, "stuck");
}

TEST(Lease, L5_ABurialThatLeavesTheLeaseIsFound) {
  Rules rules;
  rules.retire_takes_the_lease = false;
  Bounds bounds = one_call_that_waits();
  bounds.faults.crashes = 1;
  expect_fails(rules, bounds, "L5");
}

TEST(Lease, L6_ATakeoverThatDoesNotCountAsADeliveryIsFound) {
  Rules rules;
  rules.takeover_counts_as_delivery = false;
  Bounds bounds = one_call_that_waits();
  bounds.faults.crashes = 1;
  expect_fails(rules, bounds, "L6");
}

TEST(Lease, L7_ALeaseThatCountsFromTheAnswersArrivalIsFound) {
  Rules rules;
  rules.lease_counts_from_sending = false;
  Bounds bounds = one_call_that_waits();
  bounds.faults.pauses = bounds.faults.delays = 1;
  expect_fails(rules, bounds, "L7");
}

TEST(Lease, L7_AnEngineThatBeginsCallsWhenItsLeaseIsOverIsFound) {
  Rules rules;
  rules.start_looks_at_the_lease = false;
  Bounds bounds = one_call_that_waits();
  bounds.faults.pauses = 1;
  expect_fails(rules, bounds, "L7");
}

TEST(Lease, L7_ABurialThatLetsTheDeadOnesHeartbeatsPassIsFound) {
  Rules rules;
  rules.burial_begins_with_condemning = false;
  Bounds bounds = one_call_that_waits();
  bounds.faults.pauses = 1;
  expect_fails(rules, bounds, "L7");
}

TEST(Lease, L7_ALookAtWhatIsPendingThatForgetsWhatIsBeingClaimedAgainIsFound) {
  Rules rules;
  rules.knows_what_is_claimed_again = false;
  Bounds bounds = one_call_that_waits();
  bounds.engines = 1;
  bounds.faults.cuts = bounds.faults.delays = 2;
  expect_fails(rules, bounds, "L7");
}

TEST(Lease, ACallIsStuckIfNobodyLooksForWhatCameLate) {
  Rules rules;
  rules.looks_for_what_came_late = false;
  Bounds bounds = one_call_that_waits();
  bounds.engines = 1;
  bounds.faults.cuts = bounds.faults.delays = bounds.faults.lates = 1;
  expect_fails(rules, bounds, "stuck");
}

// It costs the living their lease, and nothing else: lease.h alone keeps what runs apart.
TEST(Lease, BuryingAfterOneSilentHeartbeatBreaksNothing) {
  Rules rules;
  rules.buries_after_two = false;
  Bounds bounds = one_call();
  bounds.faults.pauses = 1;
  const Explored found = explored(rules, bounds);
  EXPECT_EQ(found.violated, "");
  EXPECT_EQ(found.stuck, 0u);
}

}  // namespace
}  // namespace convoke::lease
