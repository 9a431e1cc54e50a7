#include <gtest/gtest.h>

#include "tests/api/api_world.h"

namespace convoke {
namespace {

const std::string kConfig = "/services/s/functions/f/on-demand-config";
const std::string kOfProd = "/services/s.prod/functions/f/on-demand-config";

class OnDemand : public ::testing::Test {
 protected:
  OnDemand() {
    world.create_service("s");
    world.create_function("s", "f");
  }
  ApiWorld world;
};

TEST_F(OnDemand, ALimitIsPutShownAndLifted) {
  const std::string shown = R"({"resource":"services/s/functions/f","maximumInstanceCount":5})";
  const http::Response put = world.fc("PUT", kConfig, R"({"maximumInstanceCount":5})");
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(put.body, shown);
  EXPECT_EQ(world.fc("GET", kConfig).body, shown);
  EXPECT_EQ(world.fc("DELETE", kConfig).status, 204);
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", kConfig)),
            "404 OnDemandConfigNotFound: on-demand config for 'services/s/functions/f' does not "
            "exist");
  EXPECT_EQ(world.fc("DELETE", kConfig).status, 404);
}

TEST_F(OnDemand, ZeroIsALimit) {
  EXPECT_EQ(world.fc("PUT", kConfig, R"({"maximumInstanceCount":0})").body,
            R"({"resource":"services/s/functions/f","maximumInstanceCount":0})");
}

TEST_F(OnDemand, AQualifierNeedNotExistAndHasALimitOfItsOwn) {
  EXPECT_EQ(world.fc("PUT", kOfProd, R"({"MaximumInstanceCount":3})").body,
            R"({"resource":"services/s.prod/functions/f","maximumInstanceCount":3})");
  EXPECT_EQ(world.fc("GET", kOfProd).status, 200);
  EXPECT_EQ(world.fc("GET", kConfig).status, 404);
}

TEST_F(OnDemand, ListsAreByResource) {
  world.create_function("s", "g");
  world.fc("PUT", kOfProd, R"({"maximumInstanceCount":1})");
  world.fc("PUT", "/services/s/functions/g/on-demand-config", R"({"maximumInstanceCount":2})");
  world.fc("PUT", kConfig, R"({"maximumInstanceCount":3})");
  EXPECT_EQ(world.fc("GET", "/on-demand-configs").body,
            R"({"configs":[{"resource":"services/s.prod/functions/f","maximumInstanceCount":1},)"
            R"({"resource":"services/s/functions/f","maximumInstanceCount":3},)"
            R"({"resource":"services/s/functions/g","maximumInstanceCount":2}]})");
  EXPECT_EQ(world.fc("GET", "/on-demand-configs?prefix=services%2Fs.prod").body,
            R"({"configs":[{"resource":"services/s.prod/functions/f","maximumInstanceCount":1}]})");
  EXPECT_EQ(world.fc("GET", "/on-demand-configs?limit=1&startKey=services/s/functions/f").body,
            R"({"configs":[{"resource":"services/s/functions/f","maximumInstanceCount":3}],)"
            R"("nextToken":"services/s/functions/g"})");
}

TEST_F(OnDemand, GoesWithItsFunction) {
  world.fc("PUT", kConfig, R"({"maximumInstanceCount":3})");
  world.fc("DELETE", "/services/s/functions/f");
  EXPECT_EQ(world.fc("GET", "/on-demand-configs").body, R"({"configs":[]})");
  world.create_function("s", "f");
  EXPECT_EQ(world.fc("GET", kConfig).status, 404);
}

TEST_F(OnDemand, WrongRequestsAreRefused) {
  for (const char* body :
       {"{}", "", R"({"maximumInstanceCount":null})", R"({"maximumInstanceCount":-1})",
        R"({"maximumInstanceCount":"5"})", R"({"maximumInstanceCount":1.5})",
        R"({"maximumInstanceCount":1000001})", R"({"maximumInstanceCount":99999999999999999999})"})
    EXPECT_EQ(world.fc("PUT", kConfig, body).status, 400) << body;
  EXPECT_EQ(
      world.fc("PUT", "/services/s/functions/g/on-demand-config", R"({"maximumInstanceCount":1})")
          .status,
      404);
  EXPECT_EQ(world.fc("GET", "/services/t/functions/f/on-demand-config").status, 404);
}

}  // namespace
}  // namespace convoke
