#include "core/edge/rng.h"

#include <gtest/gtest.h>

#include <array>

namespace convoke {
namespace {

TEST(Rng, TheSameSeedGivesTheSameNumbers) {
  Rng a = Rng::seeded(7);
  Rng b = Rng::seeded(7);
  Rng other = Rng::seeded(8);
  int equal = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t draw = a.next();
    EXPECT_EQ(draw, b.next());
    if (draw == other.next()) ++equal;
  }
  EXPECT_EQ(equal, 0);
}

TEST(Rng, AForkDrawsNothingAndDependsOnItsName) {
  Rng parent = Rng::seeded(7);
  Rng twin = Rng::seeded(7);
  Rng retry = parent.fork("retry");
  EXPECT_EQ(parent.next(), twin.next());
  Rng again = Rng::seeded(7).fork("retry");
  Rng dispatch = Rng::seeded(7).fork("dispatch");
  const std::uint64_t draw = retry.next();
  EXPECT_EQ(draw, again.next());
  EXPECT_NE(draw, dispatch.next());
}

TEST(Rng, BelowStaysBelowAndReachesEveryValue) {
  Rng rng = Rng::seeded(7);
  std::array<int, 5> seen{};
  for (int i = 0; i < 5000; ++i) ++seen.at(rng.below(5));
  for (const int count : seen) EXPECT_GT(count, 800);
  EXPECT_EQ(rng.below(1), 0U);
}

}  // namespace
}  // namespace convoke
