#include "core/model/ids.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

TEST(CallId, TextIsALowerCaseVersion4Uuid) {
  const CallId id = CallId::from_random(0xffffffffffffffffULL, 0xffffffffffffffffULL);
  EXPECT_EQ(id.text(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST(CallId, TextAndBytesComeBackTheSame) {
  const CallId id = CallId::from_random(0x0123456789abcdefULL, 0x1122334455667788ULL);
  EXPECT_EQ(CallId::parse(id.text()), id);
  EXPECT_EQ(CallId::from_bytes(id.bytes()), id);
}

TEST(CallId, RefusesWhatIsNotAUuid) {
  EXPECT_FALSE(CallId::parse(""));
  EXPECT_FALSE(CallId::parse("ffffffff-ffff-4fff-bfff-fffffffffff"));
  EXPECT_FALSE(CallId::parse("ffffffff-ffff-4fff-bfff-fffffffffffg"));
  EXPECT_FALSE(CallId::parse("ffffffff+ffff-4fff-bfff-ffffffffffff"));
}

TEST(Epoch, GrowsWithTheAttemptAndMoreWithTheIncarnation) {
  EXPECT_LT(Epoch::of(1, 1), Epoch::of(1, 2));
  EXPECT_LT(Epoch::of(1, 0xffffffff), Epoch::of(2, 1));
  EXPECT_EQ(Epoch::of(7, 9).incarnation(), 7U);
  EXPECT_EQ(Epoch::of(7, 9).attempt(), 9U);
}

TEST(CallId, BeginsWithTheTimeAtWhichItWasMadeAndSortsByIt) {
  const WallTime time = wall_from_ms(0x0123456789ab);
  const CallId id = CallId::made_at(time, ~std::uint64_t{0}, ~std::uint64_t{0});
  EXPECT_EQ(id.text(), "01234567-89ab-7fff-bfff-ffffffffffff");
  EXPECT_EQ(id.first_half(), 0x0123456789ab7fffULL);
  EXPECT_LT(id, CallId::made_at(time + Millis{1}, 0, 0));
}

}  // namespace
}  // namespace convoke
