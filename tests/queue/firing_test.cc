// Timers' firings in a queue that engines share: once for each due time.
#include "core/model/firing.h"

#include <gtest/gtest.h>

#include "tests/queue/redis_stand_in_world.h"

namespace convoke::fake {
namespace {

constexpr FunctionId kF{1};

class RedisFirings : public ::testing::Test {
 protected:
  ErrorCode fire(std::uint64_t trigger, Millis due) {
    NewCall call = world.call(kF);
    call.id = firing_id({trigger, begin + due});
    const Result<void> answer = world.accept(call);
    return answer ? ErrorCode::kInternalServerError : answer.error().code;
  }
  static constexpr ErrorCode kAccepted = ErrorCode::kInternalServerError;
  static constexpr ErrorCode kFired = ErrorCode::kCallAlreadyExists;

  RedisStandInWorld world{Limits{1'000'000, 2}};
  WallTime begin = world.clock.wall();
};

TEST_F(RedisFirings, ADueTimeIsTakenOnceAlsoWhenItsCallHasEnded) {
  EXPECT_EQ(fire(7, Millis{1000}), kAccepted);
  EXPECT_EQ(fire(7, Millis{1000}), kFired);
  world.settled(world.claim(kF).at(0).receipt);
  EXPECT_EQ(fire(7, Millis{1000}), kFired);
  EXPECT_EQ(fire(7, Millis{999}), kFired) << "an engine that is behind";
  EXPECT_EQ(fire(7, Millis{1001}), kAccepted);
  EXPECT_EQ(fire(8, Millis{1000}), kAccepted) << "another trigger";
}

TEST_F(RedisFirings, ADueTimeThatFoundNoRoomCanBeTriedAgain) {
  EXPECT_EQ(fire(7, Millis{1}), kAccepted);
  EXPECT_EQ(fire(7, Millis{2}), kAccepted);
  EXPECT_EQ(fire(7, Millis{3}), ErrorCode::kResourceThrottled);
  world.settled(world.claim(kF).at(0).receipt);
  EXPECT_EQ(fire(7, Millis{3}), kAccepted);
}

TEST_F(RedisFirings, AnEngineThatTakesOverKnowsWhatHasFired) {
  EXPECT_EQ(fire(7, Millis{1000}), kAccepted);
  world.crash();
  EXPECT_EQ(fire(7, Millis{1000}), kFired);
}

}  // namespace
}  // namespace convoke::fake
