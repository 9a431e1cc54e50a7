#include "core/guard/derived_key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace convoke {
namespace {

TEST(DerivedKey, IsTheSameOrHoldsTheStemInANearFolder) {
  for (const char* key :
       {"photos/cat.jpg", "photos/cat_small.jpg", "photos/small-cat.png", "photos/cat",
        "photos/cat.jpg.gz", "photos/small/cat.jpg", "out/photos/cat.jpg"})
    EXPECT_TRUE(is_derived(key, "photos/cat.jpg")) << key;
  for (const char* key : {"photos/category.jpg", "photos/bobcat.jpg", "photos/dog.jpg",
                          "thumbs/cat.jpg", "outphotos/cat.jpg", "cat.jpg", "photos/cat/dog.jpg"})
    EXPECT_FALSE(is_derived(key, "photos/cat.jpg")) << key;
}

TEST(DerivedKey, WhatHasNoStemIsDerivedFromItselfAlone) {
  EXPECT_TRUE(is_derived("photos/--.jpg", "photos/--.jpg"));
  EXPECT_FALSE(is_derived("photos/a--b.jpg", "photos/--.jpg"));
  EXPECT_TRUE(is_derived("photos/", "photos/"));
  EXPECT_FALSE(is_derived("photos/cat.jpg", "photos/"));
}

TEST(DerivedKey, EveryStemThatADerivedKeyMayHoldIsAmongItsCores) {
  const std::set<std::string> stems = {"cat",      "photo (1)",   "a.b",     ".hidden", "x_y-z",
                                       "_draft_1", "m\xc3\xb6we", "2024-01", "--",      "7"};
  for (const std::string& stem : stems) {
    for (const std::string& key : {"in/" + stem + ".jpg", "in/small-" + stem + "_64x64.jpg.gz",
                                   "in/deeper/" + stem, "in/a b " + stem + " c.d"}) {
      if (!is_derived(key, "in/" + stem + ".jpg")) continue;
      std::set<std::string> cores;
      for_each_core(key, [&](std::string_view core) { cores.emplace(core); });
      EXPECT_TRUE(cores.contains(std::string(core_of(parts_of("in/" + stem + ".jpg").stem))))
          << key << " of " << stem;
    }
  }
}

TEST(DerivedKey, ANameOfManyWordsIsLookedAtForABoundedTime) {
  std::string name;
  for (int i = 0; i < 500; ++i) name += "a-";
  std::size_t cores = 0;
  for_each_core("in/" + name, [&](std::string_view) { ++cores; });
  EXPECT_EQ(cores, kWordsMax * (kWordsMax + 1) / 2 + 1);
}

}  // namespace
}  // namespace convoke
