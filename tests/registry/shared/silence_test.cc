// Whose lease is over, by what the server tells of beats and this engine's clock alone.
#include "core/registry/shared/silence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "core/edge/rng.h"
#include "queue/redis/lease.h"

namespace convoke::shared_registry {
namespace {

constexpr Duration kLease = redis::kLeaseDefault;
constexpr Duration kTrip = Millis{2};  // of a question and its answer

std::optional<std::uint64_t> least_of(const std::vector<Beating>& engines) {
  std::optional<std::uint64_t> least;
  for (const Beating& one : engines) least = std::min(least.value_or(one.applied), one.applied);
  return least;
}

struct SilenceTest : testing::Test {
  std::optional<std::uint64_t> look(const std::vector<Beating>& engines) {
    const Instant asked = now;
    now += kTrip;
    return least_of(silence.may_hold(engines, asked, now));
  }
  Silence silence{kLease};
  Instant now{};
};

TEST_F(SilenceTest, OneThatBeatsCountsHoweverLongItLacksTheChange) {
  for (int second = 0; second < 100; ++second) {
    EXPECT_EQ(look({{"a", std::to_string(second), 3}, {"b", std::to_string(second), 2}}), 2U);
    now += Seconds{1};
  }
}

TEST_F(SilenceTest, OneThatIsSilentCountsForALeaseAndNotASecondLonger) {
  const Beating dead{"b", "1", 2};
  const Instant from = now;
  int second = 0;
  while (look({{"a", std::to_string(++second), 3}, dead}) == 2U) now += Millis{250};
  EXPECT_GE(now - from, kLease);
  EXPECT_LT(now - from, kLease + Seconds{1});
}

TEST_F(SilenceTest, OneBeatAndItCountsForALeaseAnew) {
  EXPECT_EQ(look({{"b", "1", 2}}), 2U);
  now += kLease - Seconds{1};
  EXPECT_EQ(look({{"b", "2", 2}}), 2U);
  now += kLease - Seconds{1};
  EXPECT_EQ(look({{"b", "2", 2}}), 2U);
  now += kLease + Seconds{1};
  EXPECT_EQ(look({{"b", "2", 2}}), std::nullopt);
  EXPECT_EQ(look({{"b", "3", 2}}), 2U);
}

// Two questions of one turn: the second one's time may be before the first one's answer.
TEST_F(SilenceTest, CountsFromAQuestionThatWasAskedAfterItsLastBeatWasTold) {
  const std::vector<Beating> b = {{"b", "1", 2}};
  EXPECT_EQ(silence.may_hold(b, now, now + kTrip).size(), 1U);
  EXPECT_EQ(silence.may_hold(b, now, now + kTrip).size(), 1U);
  now += silent_after(kLease);
  EXPECT_EQ(silence.may_hold(b, now, now + kTrip).size(), 1U);
  now += silent_after(kLease);
  EXPECT_EQ(silence.may_hold(b, now, now + kTrip).size(), 0U);
}

TEST_F(SilenceTest, OneThatHasLeftCountsNoMoreAndAnewWhenItIsBack) {
  EXPECT_EQ(look({{"a", "1", 3}, {"b", "1", 2}}), 2U);
  EXPECT_EQ(look({{"a", "2", 3}}), 3U);
  now += 2 * kLease;
  EXPECT_EQ(look({{"a", "3", 3}, {"b", "1", 2}}), 2U);
}

// An engine that sends beats, some of which are lost or heard late, and is answered late: never is
// it taken for silent while it holds its lease.
TEST_F(SilenceTest, WhoIsTakenForSilentHoldsNoLease) {
  int found_silent = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rng rng = Rng::seeded(seed);
    Silence others{kLease};
    redis::Lease lease;
    std::string heard = "0";
    struct Beat {
      Instant sent, executed, answered;
      bool lost, told = false, renewed = false;
    };
    std::vector<Beat> beats;
    bool quiet = false;
    for (Instant at{}; at < Instant{} + Seconds{200}; at += Millis{100}) {
      if (rng.one_in(200)) quiet = !quiet;
      if (!quiet && at.time_since_epoch() % Seconds{1} == Duration{0}) {
        const Instant executed = at + Millis{static_cast<int>(rng.below(8'000))};
        beats.push_back(
            {at, executed, executed + Millis{static_cast<int>(rng.below(8'000))}, rng.one_in(3)});
      }
      for (Beat& beat : beats) {
        if (!beat.lost && !beat.told && beat.executed <= at) {
          beat.told = true;
          heard = std::to_string(beat.executed.time_since_epoch().count());
        }
        // A change that it lacks was made at the start: only a lease that holds is renewed.
        const bool first = lease.until == Instant{};
        if (beat.told && !beat.renewed && beat.answered <= at) {
          beat.renewed = true;
          if (first || redis::holds(lease, at)) lease = redis::renewed(lease, beat.sent, kLease);
        }
      }
      if (lease.until == Instant{}) continue;
      const bool silent = others.may_hold({{"b", heard, 2}}, at, at + Millis{50}).empty();
      found_silent += silent ? 1 : 0;
      EXPECT_FALSE(silent && redis::holds(lease, at)) << "seed " << seed;
    }
  }
  EXPECT_GT(found_silent, 0);
}

}  // namespace
}  // namespace convoke::shared_registry
