// What the wake-ups of the store on Redis cost where nobody needs to be woken.
#include <gtest/gtest.h>

#include "tests/queue/redis_stand_in_world.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};

TEST(RedisWakeUps, ACallThatIsTakenAtOnceLeavesNoTimer) {
  RedisStandInWorld world{Limits{}};
  world.accepted(kF);
  world.settled(world.claim(kF).at(0).receipt);
  const std::size_t at_rest = world.timers();
  world.accepted(kF);
  EXPECT_EQ(world.timers(), at_rest + 1) << "it is to be cried out";
  const Receipt receipt = world.claim(kF).at(0).receipt;
  EXPECT_EQ(world.timers(), at_rest);
  world.settled(receipt);
  EXPECT_EQ(world.timers(), at_rest);
}

}  // namespace
}  // namespace convoke::fake
