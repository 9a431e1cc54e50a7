#include "core/loop/post_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace convoke {
namespace {

using Line = PostLine<int>;

constexpr PostLimits kSmall{3, 2, 8, 5, 100};

bool offer(Line& line, const std::string& host, int item, std::size_t bytes = 1) {
  Line::Entry entry{{host, bytes}, item};
  return line.offer(entry);
}

std::vector<int> all_that_may_begin(Line& line, std::vector<Line::Place>* places = nullptr) {
  std::vector<int> items;
  while (auto entry = line.next()) {
    items.push_back(entry->item);
    if (places != nullptr) places->push_back(entry->place);
  }
  return items;
}

TEST(PostLine, BeginsInOrderAsManyAsMayAtOnce) {
  Line line(kSmall);
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(offer(line, std::string(1, static_cast<char>(i)), i));
  std::vector<Line::Place> places;
  EXPECT_EQ(all_that_may_begin(line, &places), (std::vector<int>{1, 2, 3}));
  line.finished(places[1]);
  EXPECT_EQ(all_that_may_begin(line), (std::vector<int>{4}));
  EXPECT_EQ(line.held(), 4U);
}

TEST(PostLine, AHostThatDoesNotAnswerHoldsUpItsOwnAlone) {
  Line line(kSmall);
  for (int i = 1; i <= 4; ++i) EXPECT_TRUE(offer(line, "dead", i));
  EXPECT_TRUE(offer(line, "well", 5));
  std::vector<Line::Place> places;
  EXPECT_EQ(all_that_may_begin(line, &places), (std::vector<int>{1, 2, 5}));
  line.finished(places[2]);
  EXPECT_TRUE(all_that_may_begin(line).empty());
  line.finished(places[0]);
  EXPECT_EQ(all_that_may_begin(line), (std::vector<int>{3}));
}

TEST(PostLine, IsFullByNumberByHostAndByBytesAndThenTakesNothing) {
  Line line(kSmall);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(offer(line, "a", i));
  Line::Entry entry{{"a", 1}, 7};
  EXPECT_FALSE(line.offer(entry)) << "its host's share";
  EXPECT_EQ(entry.place.host, "a") << "still the caller's";
  EXPECT_FALSE(offer(line, "b", 0, 96)) << "bytes";
  EXPECT_TRUE(offer(line, "b", 0, 95));
  EXPECT_FALSE(offer(line, "c", 0));
  EXPECT_TRUE(offer(line, "c", 0, 0));
  EXPECT_TRUE(offer(line, "c", 0, 0));
  EXPECT_FALSE(offer(line, "d", 0, 0)) << "in all";
}

TEST(PostLine, WhatIsUnderWayCountsUntilItHasFinished) {
  Line line({1, 1, 1, 1, 10});
  EXPECT_TRUE(offer(line, "a", 1, 10));
  const auto entry = line.next();
  ASSERT_TRUE(entry);
  EXPECT_FALSE(offer(line, "b", 2, 0));
  line.finished(entry->place);
  EXPECT_TRUE(offer(line, "b", 2, 10));
}

TEST(PostLine, WhatNobodyWaitsForMakesRoom) {
  Line line(kSmall);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(offer(line, "a", i, 20));
  line.drop([](int item) { return item % 2 == 0; });
  EXPECT_EQ(line.held(), 2U);
  EXPECT_TRUE(offer(line, "a", 9, 60));
  EXPECT_EQ(all_that_may_begin(line), (std::vector<int>{1, 3}));
}

}  // namespace
}  // namespace convoke
