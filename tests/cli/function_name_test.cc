#include "tools/function_name.h"

#include <gtest/gtest.h>

namespace convoke::cli {
namespace {

TEST(FunctionName, WithoutAServiceItIsInTheDefaultOne) {
  Outcome<FunctionName> name = FunctionName::parse("hello");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->service, "default");
  EXPECT_EQ(name->function, "hello");
  EXPECT_EQ(name->text(), "hello");
  EXPECT_EQ(name->function_path(), "/2016-08-15/services/default/functions/hello");
}

TEST(FunctionName, WithAServiceItKeepsIt) {
  Outcome<FunctionName> name = FunctionName::parse("shop.LATEST/check-out_2");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->text(), "shop.LATEST/check-out_2");
  EXPECT_EQ(name->function_path(), "/2016-08-15/services/shop.LATEST/functions/check-out_2");
}

TEST(FunctionName, WhatWouldMakeAnotherUrlIsRefused) {
  for (const char* text : {"", "/", "a/", "/f", "a/b/c", "a/b?x=1", "a b", "a/../b", "../f", "./f",
                           "a/f.LATEST", "f#x", "f%2f", "h\xc3\xa9"}) {
    Outcome<FunctionName> name = FunctionName::parse(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.failure().exit, ExitCode::kUsage) << text;
  }
}

}  // namespace
}  // namespace convoke::cli
