#include "queue/redis/slot.h"

#include <gtest/gtest.h>

namespace convoke::redis {
namespace {

TEST(Slot, IsTheCrc16OfTheKeyAsTheSpecificationHasIt) {
  EXPECT_EQ(slot_of("123456789"), 0x31C3);
  EXPECT_EQ(slot_of("foo"), 12182);
  EXPECT_EQ(slot_of("bar"), 5061);
  EXPECT_EQ(slot_of("somekey"), 11058);
  EXPECT_EQ(slot_of(""), 0);
}

TEST(Slot, OfAKeyWithAHashTagIsThatOfTheTag) {
  EXPECT_EQ(slot_of("foo{hash_tag}"), 2515);
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("user1000"));
  EXPECT_EQ(slot_of("{user1000}.followers"), slot_of("user1000"));
  EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
  EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
}

TEST(Slot, OfAKeyWithoutAWholeTagIsThatOfAllOfIt) {
  const auto untagged = [](std::string_view key, std::string_view other) {
    return slot_of(key) != slot_of(other);
  };
  EXPECT_TRUE(untagged("foo{}{bar}", "bar"));
  EXPECT_TRUE(untagged("foo{bar", "bar"));
  EXPECT_TRUE(untagged("foo}bar{", "bar"));
  EXPECT_NE(slot_of("foo{}{bar}"), slot_of(""));
}

TEST(Slot, OfACommandIsThatOfItsFirstKeyOrChannel) {
  EXPECT_EQ(slot_of(Command("GET").arg("foo")), 12182);
  EXPECT_EQ(slot_of(Command("PUBLISH").arg("bar").arg("foo")), 5061);
  EXPECT_EQ(slot_of(Command("EVALSHA").arg("bar").arg(2).arg("foo").arg("bar")), 12182);
  EXPECT_EQ(slot_of(Command("EVAL").arg("return 1").arg(1).arg("{bar}:q").arg("foo")), 5061);
}

}  // namespace
}  // namespace convoke::redis
