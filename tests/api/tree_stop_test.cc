#include "core/api/tree_stop.h"

#include <gtest/gtest.h>

#include "tests/api/api_world.h"

namespace convoke {
namespace {

const std::string kRoot = "01890a5d-ac96-774b-bcce-b302099a8057";
const std::string kStop = "/convoke/trees/" + kRoot + "/stop";

TEST(TreeStop, SaysWhatWasStoppedByWhomWhenAndWhyAndIsListed) {
  ApiWorld world;
  EXPECT_EQ(world.call("GET", "/convoke/trees/stopped").body, R"({"trees":[]})");
  const std::string tree =
      R"("root":")" + kRoot +
      R"(","reason":"it \"eats\" money","by":"ada","stoppedTime":"2020-08-20T02:28:21Z",)"
      R"("forgottenTime":"2020-09-04T02:28:21Z")";
  const http::Response stopped =
      world.call("POST", kStop, R"({"reason":"it \"eats\" money","by":"ada"})");
  EXPECT_EQ(stopped.status, 200);
  EXPECT_EQ(stopped.body, "{" + tree + R"(,"callsEnded":0})");
  EXPECT_EQ(world.call("GET", "/convoke/trees/stopped").body,
            R"({"trees":[{)" + tree + R"(,"missing":["other:1:a"]}]})");
}

TEST(TreeStop, NeedsNoBody) {
  ApiWorld world;
  EXPECT_EQ(world.call("POST", kStop).status, 200);
  EXPECT_EQ(world.call("POST", kStop, "null").status, 200);
}

TEST(TreeStop, WhatIsNoIdOrNoReasonIsRefused) {
  ApiWorld world;
  EXPECT_EQ(ApiWorld::summary(world.call("POST", "/convoke/trees/job-1/stop")),
            "400 InvalidArgument: a call's id is a UUID of 36 characters");
  EXPECT_EQ(world.call("POST", kStop, R"({"reason":7})").status, 400);
  EXPECT_EQ(world.call("POST", kStop, R"({"reason":)").status, 400);
  const std::string wordy = R"({"reason":")" + std::string(kSwitchReasonBytesMax + 1, 'x') + "\"}";
  EXPECT_EQ(world.call("POST", kStop, wordy).status, 400);
  EXPECT_EQ(world.call("GET", "/convoke/trees/stopped").body, R"({"trees":[]})");
}

TEST(TreeStop, OfACallThatRunsItsRootIsMeant) {
  const CallId root = CallId::from_random(7, 7);
  const Result<Route> to = route("POST", kStop);
  ASSERT_TRUE(to);
  const Result<Mutation> wish = read_stop_tree(*to, {}, [&](const CallId& asked) {
    EXPECT_EQ(asked.text(), kRoot);
    return root;
  });
  ASSERT_TRUE(wish);
  EXPECT_EQ(std::get<StopTree>(*wish).root, root);
}

}  // namespace
}  // namespace convoke
