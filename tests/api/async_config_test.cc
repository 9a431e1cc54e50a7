#include <gtest/gtest.h>

#include "tests/api/api_world.h"

namespace convoke {
namespace {

const std::string kConfig = "/services/s/functions/f/async-invoke-config";
const std::string kOfProd = "/services/s.prod/functions/f/async-invoke-config";
const std::string kList = "/services/s/functions/f/async-invoke-configs";

class AsyncConfigApi : public ::testing::Test {
 protected:
  AsyncConfigApi() {
    world.create_service("s");
    world.create_function("s", "f");
  }
  std::string put_error(const std::string& body) {
    return ApiWorld::summary(world.fc("PUT", kConfig, body));
  }
  ApiWorld world;
};

TEST_F(AsyncConfigApi, APutAnswersEveryMemberAndAGetRepeatsIt) {
  const http::Response put = world.fc("PUT", kConfig, R"({
      "destinationConfig": {"onSuccess": {"destination": "acs:fc:::services/s/functions/g"},
                            "onFailure": {"destination": "https://example.com/failed"}},
      "maxAsyncEventAgeInSeconds": 100, "maxAsyncRetryAttempts": 1, "statefulInvocation": true})");
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(put.body,
            R"({"service":"s","function":"f","qualifier":"LATEST",)"
            R"("createdTime":"2020-08-20T02:28:23Z","lastModifiedTime":"2020-08-20T02:28:23Z",)"
            R"("destinationConfig":{"onSuccess":{"destination":"acs:fc:::services/s/functions/g"},)"
            R"("onFailure":{"destination":"https://example.com/failed"}},)"
            R"("maxAsyncEventAgeInSeconds":100,"maxAsyncRetryAttempts":1,)"
            R"("statefulInvocation":true})");
  EXPECT_EQ(world.fc("GET", kConfig).body, put.body);
}

TEST_F(AsyncConfigApi, WhatIsNotSetIsNull) {
  EXPECT_EQ(world.fc("PUT", kConfig, "{}").body,
            R"({"service":"s","function":"f","qualifier":"LATEST",)"
            R"("createdTime":"2020-08-20T02:28:23Z","lastModifiedTime":"2020-08-20T02:28:23Z",)"
            R"("destinationConfig":null,"maxAsyncEventAgeInSeconds":null,)"
            R"("maxAsyncRetryAttempts":null,"statefulInvocation":null})");
  const std::string with_one =
      world.fc("PUT", kConfig, R"({"destinationConfig":{"onFailure":{"destination":"http://h"}}})")
          .body;
  EXPECT_NE(with_one.find(R"("destinationConfig":{"onSuccess":null,"onFailure":{"destination":)"),
            std::string::npos)
      << with_one;
}

TEST_F(AsyncConfigApi, APutMergesWhateverTheCaseOfItsKeysAndIgnoresNullAndUnknownMembers) {
  world.fc("PUT", kConfig, R"({"maxAsyncRetryAttempts":0,"statefulInvocation":false})");
  const http::Response merged = world.fc("PUT", kConfig, R"({
      "DestinationConfig": {"OnSuccess": {"Destination": "http://h/"}, "OnFailure": null},
      "MAXASYNCEVENTAGEINSECONDS": 7, "maxAsyncRetryAttempts": null, "statefulInvocation": null,
      "qualifier": "ignored", "somethingNew": [1, {"a": null}]})");
  EXPECT_EQ(merged.status, 200);
  EXPECT_EQ(
      merged.body,
      R"({"service":"s","function":"f","qualifier":"LATEST",)"
      R"("createdTime":"2020-08-20T02:28:23Z","lastModifiedTime":"2020-08-20T02:28:24Z",)"
      R"("destinationConfig":{"onSuccess":{"destination":"http://h/"},"onFailure":null},)"
      R"("maxAsyncEventAgeInSeconds":7,"maxAsyncRetryAttempts":0,"statefulInvocation":false})");
}

TEST_F(AsyncConfigApi, NoQualifierAndLatestAreOneConfigAndAnotherQualifierHasItsOwn) {
  world.fc("PUT", "/services/s.LATEST/functions/f/async-invoke-config",
           R"({"maxAsyncRetryAttempts":1})");
  EXPECT_EQ(world.fc("GET", kConfig).status, 200);
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", kOfProd)),
            "404 AsyncConfigNotExists: AsyncConfig for s:f does not exist.");
  const http::Response prod = world.fc("PUT", kOfProd, R"({"maxAsyncRetryAttempts":2})");
  EXPECT_EQ(ApiWorld::member(prod.body, "qualifier"), "prod");
  EXPECT_EQ(world.fc("DELETE", kConfig).status, 204);
  EXPECT_EQ(world.fc("GET", kOfProd).status, 200);
}

TEST_F(AsyncConfigApi, ADeletedOneIsNotFound) {
  world.fc("PUT", kConfig, "{}");
  const http::Response gone = world.fc("DELETE", kConfig);
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.body, "");
  const std::string not_there = "404 AsyncConfigNotExists: AsyncConfig for s:f does not exist.";
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", kConfig)), not_there);
  EXPECT_EQ(ApiWorld::summary(world.fc("DELETE", kConfig)), not_there);
}

TEST_F(AsyncConfigApi, ListsAreByQualifierAndTheLastTokenIsEmpty) {
  EXPECT_EQ(world.fc("GET", kList).body, R"({"configs":null,"nextToken":""})");
  world.fc("PUT", kOfProd, "{}");
  world.fc("PUT", kConfig, "{}");
  const std::string first = world.fc("GET", kList + "?limit=1").body;
  EXPECT_EQ(ApiWorld::member(first, "qualifier"), "LATEST");
  EXPECT_NE(first.find(R"("nextToken":"prod")"), std::string::npos) << first;
  const std::string last = world.fc("GET", kList + "?limit=1&nextToken=prod").body;
  EXPECT_EQ(ApiWorld::member(last, "qualifier"), "prod");
  EXPECT_NE(last.find(R"("nextToken":"")"), std::string::npos) << last;
  EXPECT_EQ(world.fc("GET", kList + "?limit=0").status, 400);
}

TEST_F(AsyncConfigApi, GoesWithItsFunction) {
  world.fc("PUT", kConfig, "{}");
  world.fc("DELETE", "/services/s/functions/f");
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", kConfig)),
            "404 FunctionNotFound: function 'f' does not exist in service 's'");
  EXPECT_EQ(world.fc("GET", kList).status, 404);
  EXPECT_EQ(world.fc("PUT", kConfig, "{}").status, 404);
  world.create_function("s", "f");
  EXPECT_EQ(world.fc("GET", kList).body, R"({"configs":null,"nextToken":""})");
}

TEST_F(AsyncConfigApi, WhatIsOutOfRangeIsRefusedByName) {
  EXPECT_EQ(put_error(R"({"maxAsyncRetryAttempts":9})"),
            "400 InvalidArgument: maxAsyncRetryAttempts is set to an invalid value (allowed: 0 to "
            "8, actual: 9)");
  EXPECT_EQ(put_error(R"({"maxAsyncEventAgeInSeconds":0})"),
            "400 InvalidArgument: maxAsyncEventAgeInSeconds is set to an invalid value (allowed: 1 "
            "to 604800, actual: 0)");
  EXPECT_EQ(put_error(R"({"destinationConfig":{"onSuccess":{"destination":7}}})"),
            "400 InvalidArgument: destinationConfig.onSuccess.destination must be a string "
            "(actual: an integer)");
  EXPECT_EQ(put_error(R"({"destinationConfig":{"onFailure":"http://h"}})"),
            "400 InvalidArgument: destinationConfig.onFailure must be an object (actual: a "
            "string)");
  EXPECT_NE(put_error(R"({"destinationConfig":{"onFailure":{"destination":"acs:mns:::q"}}})")
                .find("destinationConfig.onFailure.destination is set to an invalid value: this "
                      "engine has no such destination (allowed: a function, "),
            std::string::npos);
  for (const char* body : {"", "[]", R"({"statefulInvocation":"yes"})",
                           R"({"maxAsyncRetryAttempts":1.5})", R"({"destinationConfig":[]})"})
    EXPECT_EQ(world.fc("PUT", kConfig, body).status, 400) << body;
  EXPECT_EQ(world.fc("GET", kConfig).status, 404) << "nothing was kept";
}

}  // namespace
}  // namespace convoke
