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

}  // namespace
}  // namespace convoke
