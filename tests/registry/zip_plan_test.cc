#include "core/registry/zip_plan.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

std::string admitted(ZipPlan& plan, std::string_view name, EntryKind kind,
                     std::string_view target = {}) {
  Result<std::string> path = plan.admit(name, kind, target);
  return path ? *path : "refused";
}

std::string file(std::string_view name) {
  ZipPlan plan;
  return admitted(plan, name, EntryKind::kFile);
}

std::string link(std::string_view name, std::string_view target) {
  ZipPlan plan;
  return admitted(plan, name, EntryKind::kLink, target);
}

TEST(ZipPlan, NormalisesNamesThatStayInside) {
  EXPECT_EQ(file("bootstrap"), "bootstrap");
  EXPECT_EQ(file("./a//b/./c"), "a/b/c");
  EXPECT_EQ(file("..a/b.."), "..a/b..");
  EXPECT_EQ(file("a b/\xc3\xbc"), "a b/\xc3\xbc");
}

TEST(ZipPlan, RefusesNamesThatLeadOut) {
  for (const std::string_view name :
       {"/etc/passwd", "//x", "..", "../x", "a/../../x", "a/../b", "a/..", "./.."}) {
    EXPECT_EQ(file(name), "refused") << name;
  }
}

TEST(ZipPlan, RefusesNamesThatNoFileCanHave) {
  EXPECT_EQ(file(""), "refused");
  EXPECT_EQ(file("."), "refused");
  EXPECT_EQ(file(std::string(256, 'x')), "refused");
  EXPECT_EQ(file(std::string(255, 'x')), std::string(255, 'x'));
  EXPECT_EQ(file(std::string("a\0b", 3)), "refused");
  std::string deep;
  while (deep.size() <= 1024) deep += "abc/";
  EXPECT_EQ(file(deep + "x"), "refused");
}

TEST(ZipPlan, RefusesANameThatComesTwiceHoweverItIsWritten) {
  ZipPlan plan;
  EXPECT_EQ(admitted(plan, "a/b", EntryKind::kFile), "a/b");
  EXPECT_EQ(admitted(plan, "a/./b", EntryKind::kFile), "refused");
  EXPECT_EQ(admitted(plan, "a//b", EntryKind::kLink, "c"), "refused");
  EXPECT_EQ(admitted(plan, "a", EntryKind::kFile), "refused");
}

TEST(ZipPlan, ADirectoryMayComeTwice) {
  ZipPlan plan;
  EXPECT_EQ(admitted(plan, "a/b", EntryKind::kFile), "a/b");
  EXPECT_EQ(admitted(plan, "a/", EntryKind::kDirectory), "a");
  EXPECT_EQ(admitted(plan, "a", EntryKind::kDirectory), "a");
  EXPECT_EQ(admitted(plan, "a/b/", EntryKind::kDirectory), "refused");
}

TEST(ZipPlan, RefusesWhatLiesBelowAFileOrALink) {
  ZipPlan plan;
  EXPECT_EQ(admitted(plan, "file", EntryKind::kFile), "file");
  EXPECT_EQ(admitted(plan, "link", EntryKind::kLink, "file"), "link");
  EXPECT_EQ(admitted(plan, "file/x", EntryKind::kFile), "refused");
  EXPECT_EQ(admitted(plan, "link/x", EntryKind::kFile), "refused");
  EXPECT_EQ(admitted(plan, "link/x/y", EntryKind::kDirectory), "refused");
}

TEST(ZipPlan, ALinkMayClimbNoHigherThanItLiesDeep) {
  EXPECT_EQ(link("a", "b"), "a");
  EXPECT_EQ(link("bin/tool", "../lib/tool.js"), "bin/tool");
  EXPECT_EQ(link("a/b/c", "../../d"), "a/b/c");
  EXPECT_EQ(link("a", "."), "a");
  EXPECT_EQ(link("a", ".."), "refused");
  EXPECT_EQ(link("a/b", "../../c"), "refused");
  EXPECT_EQ(link("a", "/etc/passwd"), "refused");
  EXPECT_EQ(link("a", ""), "refused");
  EXPECT_EQ(link("a", std::string(1025, 'x')), "refused");
}

TEST(ZipPlan, ALinkMayNotClimbAfterDescendingSinceItMightPassThroughAnother) {
  EXPECT_EQ(link("a/b/c", "d/../e"), "refused");
  EXPECT_EQ(link("a/b/c", "../d/.."), "refused");
}

TEST(ZipPlan, RefusesDevicesAndTheLike) {
  ZipPlan plan;
  EXPECT_EQ(admitted(plan, "a", EntryKind::kOther), "refused");
}

TEST(ZipPlan, CountsImpliedDirectoriesToo) {
  ZipPlan plan;
  EXPECT_EQ(admitted(plan, "a/b/c/d", EntryKind::kFile), "a/b/c/d");
  EXPECT_EQ(plan.paths(), 4U);
}

}  // namespace
}  // namespace convoke
