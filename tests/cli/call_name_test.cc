#include "tools/call_name.h"

#include <gtest/gtest.h>

#include <string>

namespace convoke::cli {
namespace {

TEST(CallName, ARequestIdIsAUuidAndNothingElse) {
  const std::string id = "5b4e0b3e-6d51-4a8c-9d0f-2f1d3c1e7a10";
  EXPECT_EQ(*request_path(id), "/convoke/calls/" + id);
  for (const std::string wrong :
       {"", "job-1", "5b4e0b3e-6d51-4a8c-9d0f-2f1d3c1e7a1", "5b4e0b3e-6d51-4a8c-9d0f-2f1d3c1e7a10a",
        "5b4e0b3e-6d51-4a8c-9d0f-2f1d3c1e7a1/", "5b4e0b3e06d51-4a8c-9d0f-2f1d3c1e7a10"}) {
    EXPECT_FALSE(request_path(wrong)) << wrong;
  }
}

TEST(CallName, WhatIsNoRequestIdIsToldHowACallIsNamed) {
  EXPECT_NE(request_path("job-1").failure().message.find("convoke get FUNCTION job-1"),
            std::string::npos);
}

TEST(CallName, NoIdCanClimbTheUrl) {
  const FunctionName function{"shop", "checkout"};
  EXPECT_EQ(*stateful_path(function, "job-1"),
            "/2016-08-15/services/shop/functions/checkout/stateful-async-invocations/job-1");
  for (const char* wrong : {"", ".", "..", "a/b", "a?b", "a%2Fb", "a b"}) {
    EXPECT_FALSE(stateful_path(function, wrong)) << wrong;
  }
}

}  // namespace
}  // namespace convoke::cli
