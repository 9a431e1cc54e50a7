#include "tools/toml_file.h"

#include <gtest/gtest.h>

namespace convoke::cli {
namespace {

std::string failure_of(std::string_view text) {
  Outcome<std::vector<TomlEntry>> entries = parse_toml(text, "x.toml");
  return entries ? "" : entries.failure().message;
}

TEST(Toml, ScalarsComeAsTextInTheOrderOfTheFile) {
  Outcome<std::vector<TomlEntry>> entries =
      parse_toml("zeta = \"z\"\nalpha = 7\n\n[table]\ntruth = true\nhalf = 0.5\n", "x.toml");
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 4U);
  const auto& list = *entries;
  EXPECT_EQ(list[0].key, "zeta");
  EXPECT_EQ(list[0].value, "z");
  EXPECT_EQ(list[0].table, "");
  EXPECT_EQ(list[1].value, "7");
  EXPECT_EQ(list[1].line, 2U);
  EXPECT_EQ(list[2].table, "table");
  EXPECT_EQ(list[2].value, "true");
  EXPECT_EQ(list[3].value, "0.5");
}

TEST(Toml, AHashInsideQuotesIsNoComment) {
  Outcome<std::vector<TomlEntry>> entries =
      parse_toml("url = \"redis://:pa#ss@host/0\" # the store\n", "x.toml");
  ASSERT_TRUE(entries);
  EXPECT_EQ((*entries)[0].value, "redis://:pa#ss@host/0");
}

TEST(Toml, WhatIsNoTomlNamesTheFileAndTheLine) {
  EXPECT_EQ(failure_of("a = 1\nb = \n").substr(0, 9), "x.toml:2:");
  EXPECT_EQ(failure_of("no sense").substr(0, 9), "x.toml:1:");
  EXPECT_EQ(failure_of("a = 1\na = 2\n").substr(0, 9), "x.toml:2:");
}

TEST(Toml, ArraysDatesAndTablesInTablesAreRefused) {
  EXPECT_NE(failure_of("a = [1, 2]"), "");
  EXPECT_NE(failure_of("a = 2026-01-01"), "");
  EXPECT_NE(failure_of("[a.b]\nc = 1"), "");
}

TEST(Toml, AFileThatIsNotThereIsAFailure) {
  Outcome<std::vector<TomlEntry>> entries = read_toml_file("/nowhere/x.toml");
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.failure().exit, ExitCode::kUsage);
}

}  // namespace
}  // namespace convoke::cli
