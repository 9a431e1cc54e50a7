#include "core/guard/object_works.h"

#include <gtest/gtest.h>

#include <string>

#include "core/registry/trigger.h"

namespace convoke {
namespace {

constexpr FunctionId kF{7};
constexpr WallTime kNoon{Seconds{1'700'000'000}};

CallId call(std::uint64_t number) { return CallId::from_random(number, number); }

// Of a call that is the function's `visits`-th in its line.
Lineage lineage(int visits) {
  Lineage made = root_lineage(call(100), kF);
  for (int i = 1; i < visits; ++i) made = child_lineage(made, call(100), kF);
  return made;
}

struct ObjectWorksTest : testing::Test {
  // The visits of the writer; 0: nobody.
  int writer(std::string_view key, std::optional<WallTime> at, WallTime now,
             std::string_view bucket = "photos") const {
    const auto found = works.writer_of({bucket, key, at}, kF, now);
    return found ? visits_of(*found, tag_of(kF)) : 0;
  }
  ObjectWorks works;
};

TEST_F(ObjectWorksTest, WhatIsWrittenWhileACallWorksOnItsLikeIsThatCalls) {
  works.begin(call(1), "photos", "in/cat.jpg", lineage(3), kNoon);
  EXPECT_EQ(writer("in/cat_small.jpg", kNoon + Seconds{30}, kNoon + Seconds{31}), 3);
  EXPECT_EQ(writer("in/dog.jpg", kNoon + Seconds{30}, kNoon + Seconds{31}), 0);
  EXPECT_EQ(writer("in/cat_small.jpg", kNoon + Seconds{30}, kNoon + Seconds{31}, "others"), 0);
  EXPECT_EQ(writer("in/cat_small.jpg", kNoon - Seconds{1}, kNoon), 0) << "before it began";
}

TEST_F(ObjectWorksTest, ANoticeMayComeLaterThanTheEndButTheWriteMayNot) {
  works.begin(call(1), "photos", "in/cat.jpg", lineage(3), kNoon);
  works.end(call(1), kNoon + Seconds{2});
  EXPECT_EQ(writer("in/cat.jpg", kNoon + Seconds{1}, kNoon + Seconds{50}), 3);
  EXPECT_EQ(writer("in/cat.jpg", kNoon + Seconds{2} + ObjectWorks::kClocksApart, kNoon), 3);
  EXPECT_EQ(writer("in/cat.jpg", kNoon + Seconds{3}, kNoon + Seconds{3}), 0);
}

TEST_F(ObjectWorksTest, ANoticeThatSaysNoTimeCountsForAMinuteAfterTheEnd) {
  works.begin(call(1), "photos", "in/cat.jpg", lineage(3), kNoon);
  works.end(call(1), kNoon + Seconds{2});
  EXPECT_EQ(writer("in/cat.jpg", std::nullopt, kNoon + Seconds{62}), 3);
  EXPECT_EQ(writer("in/cat.jpg", std::nullopt, kNoon + Seconds{63}), 0);
}

TEST_F(ObjectWorksTest, OfSeveralTheClosestCountsAndOfThoseTheLeastVisited) {
  works.begin(call(1), "photos", "in/cat.jpg", lineage(3), kNoon);
  works.begin(call(2), "photos", "in/cat_small.jpg", lineage(9), kNoon);
  works.begin(call(3), "photos", "in/cat_small.jpg", lineage(7), kNoon);
  EXPECT_EQ(writer("in/cat_small_2.jpg", kNoon, kNoon), 7);
  EXPECT_EQ(writer("in/cat.jpg", kNoon, kNoon), 3);
}

TEST_F(ObjectWorksTest, OneThatWorkedThenCountsBeforeOneThatHadJustEnded) {
  works.begin(call(1), "photos", "in/cat.jpg", lineage(3), kNoon);
  works.end(call(1), kNoon + Millis{20});
  works.begin(call(2), "photos", "in/cat.jpg", lineage(4), kNoon + Millis{20});
  EXPECT_EQ(writer("in/cat.jpg", kNoon + Millis{30}, kNoon + Millis{30}), 4);
  EXPECT_EQ(writer("in/cat.jpg", kNoon - Millis{30}, kNoon + Millis{30}), 3);
}

TEST_F(ObjectWorksTest, IsBoundedAndForgetsWhatEndedFirst) {
  for (std::uint64_t i = 1; i <= ObjectWorks::kWorksMax + 1; ++i) {
    works.begin(call(i), "photos", "in/" + std::to_string(i), lineage(1), kNoon);
    works.end(call(i), kNoon);
  }
  EXPECT_EQ(works.size(), ObjectWorks::kWorksMax);
  EXPECT_EQ(writer("in/1", kNoon, kNoon), 0);
  EXPECT_EQ(writer("in/2", kNoon, kNoon), 1);
  works.begin(call(1), "photos", std::string(kObjectKeyBytesMax + 1, 'k'), lineage(1), kNoon);
  works.begin(call(2), "photos", "in/late", lineage(1), kNoon + Seconds{61});
  EXPECT_EQ(works.size(), 1U) << "all others ended more than a minute ago";
}

TEST_F(ObjectWorksTest, OneKeyTakesABoundedPlace) {
  for (std::uint64_t i = 1; i <= 2 * ObjectWorks::kWorksOfOneMax; ++i)
    works.begin(call(i), "photos", "in/hot", lineage(1), kNoon);
  EXPECT_EQ(works.size(), ObjectWorks::kWorksOfOneMax);
  for (std::uint64_t i = 1; i <= 2 * ObjectWorks::kWorksOfOneMax; ++i) works.end(call(i), kNoon);
  works.begin(call(1), "photos", "in/hot", lineage(5), kNoon);
  EXPECT_EQ(works.size(), ObjectWorks::kWorksOfOneMax) << "in place of one that ended";
  works.begin(call(2), "photos", "in/hot", lineage(1), kNoon + Seconds{61});
  EXPECT_EQ(works.size(), 2U);
}

TEST_F(ObjectWorksTest, NamesTheLatestKeysOfABucket) {
  for (std::uint64_t i = 1; i <= 3; ++i) {
    works.begin(call(i), i == 2 ? "others" : "photos", "k" + std::to_string(i), lineage(1), kNoon);
    works.end(call(i), kNoon);
  }
  EXPECT_EQ(works.latest("photos", 4), (std::vector<std::string>{"k3", "k1"}));
}

}  // namespace
}  // namespace convoke
