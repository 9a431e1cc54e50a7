#include <gtest/gtest.h>

#include "tests/api/api_world.h"

namespace convoke {
namespace {

const std::string kTriggers = "/services/s/functions/f/triggers";
const std::string kHttp = R"({"triggerName":"h","triggerType":"http","sourceArn":"dummy",
    "triggerConfig":{"authType":"anonymous","methods":["POST","GET"]}})";
const std::string kTimer = R"({"triggerName":"t","triggerType":"timer",
    "triggerConfig":{"cronExpression":"0 */5 * * * *","payload":"p","enable":false}})";
const std::string kOss = R"({"triggerName":"o","triggerType":"oss",
    "sourceArn":"acs:oss:r:1:photos","invocationRole":"role","description":"why",
    "triggerConfig":{"events":["oss:ObjectCreated:*"],
                     "filter":{"key":{"prefix":"in/","suffix":null}},
                     "outputs":["photos/out/"],"allowLoop":true}})";

const std::string kCloudEvents = R"({"triggerName":"c","triggerType":"cloudevents",
    "triggerConfig":{"filters":[{"exact":{"type":"a"}},{"Prefix":{"source":"/b","subject":"c"}}]}})";

class TriggersApi : public ::testing::Test {
 protected:
  TriggersApi() {
    world.create_service("s");
    world.create_function("s", "f");
  }
  ApiWorld world;
};

TEST_F(TriggersApi, ACreateAnswersEveryMemberAndAGetRepeatsIt) {
  const http::Response made = world.fc("POST", kTriggers, kHttp);
  EXPECT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.body,
            R"({"triggerName":"h","triggerId":"3","description":"","triggerType":"http",)"
            R"("sourceArn":null,"invocationRole":null,"qualifier":"",)"
            R"("triggerConfig":{"authType":"anonymous","methods":["GET","POST"]},)"
            R"("createdTime":"2020-08-20T02:28:23Z","lastModifiedTime":"2020-08-20T02:28:23Z"})");
  EXPECT_EQ(made.headers.get("Etag"), "3");
  EXPECT_EQ(world.fc("GET", kTriggers + "/h").body, made.body);
  EXPECT_EQ(world.fc("GET", kTriggers + "/h").headers.get("Etag"), "3");
}

TEST_F(TriggersApi, EachKindShowsItsOwnConfig) {
  const auto config = [](const std::string& body) {
    const std::size_t at = body.find("\"triggerConfig\":");
    return body.substr(at, body.find("},\"createdTime\"") + 1 - at);
  };
  EXPECT_EQ(config(world.fc("POST", kTriggers, kTimer).body),
            R"("triggerConfig":{"cronExpression":"0 */5 * * * *","payload":"p","enable":false})");
  EXPECT_EQ(config(world.fc("POST", kTriggers, kOss).body),
            R"("triggerConfig":{"events":["oss:ObjectCreated:*"],)"
            R"("filter":{"key":{"prefix":"in/","suffix":""}},"maxGenerations":16,)"
            R"("outputs":["photos/out/"],"allowLoop":true})");
  EXPECT_EQ(config(world.fc("POST", kTriggers, kCloudEvents).body),
            R"("triggerConfig":{"filters":[{"exact":{"type":"a"}},{"prefix":{"source":"/b"}},)"
            R"({"prefix":{"subject":"c"}}]})");
}

TEST_F(TriggersApi, AFilterThatIsNotUnderstoodIsRefusedAndNotPassedOver) {
  const auto create = [this](const std::string& filters) {
    return ApiWorld::summary(
        world.fc("POST", kTriggers,
                 R"({"triggerName":"c","triggerType":"cloudevents","triggerConfig":{"filters":)" +
                     filters + "}}"));
  };
  EXPECT_EQ(create(R"([{"exact":{"type":"a"},"not":{}}])"),
            "400 InvalidArgument: triggerConfig.filters[0].not is not known here (allowed: exact, "
            "prefix, suffix)");
  for (const char* filters : {R"([{"sql":"a = b"}])", "[{}]", R"([{"exact":{}}])", R"(["a"])",
                              R"({"exact":{"type":"a"}})", R"([{"exact":{"type":5}}])"})
    EXPECT_EQ(create(filters).find("400 InvalidArgument: "), 0U) << filters;
}

TEST_F(TriggersApi, KeysMatchInAnyCaseAndNullAndUnknownMembersAreIgnored) {
  EXPECT_EQ(world
                .fc("POST", kTriggers, R"({"TriggerName":"h","TRIGGERTYPE":"http","new":1,
      "description":null,"TriggerConfig":{"AuthType":null,"Methods":["GET"],"events":null}})")
                .status,
            200);
  EXPECT_EQ(ApiWorld::member(world.fc("GET", kTriggers + "/h").body, "authType"), "function");
}

TEST_F(TriggersApi, AnUpdateWithTheEtagIsTakenOnce) {
  world.fc("POST", kTriggers, kTimer);
  const std::string body = R"({"triggerConfig":{"cronExpression":"@every 5m"}})";
  const http::Response updated = world.fc("PUT", kTriggers + "/t", body, {{"If-Match", "3"}});
  EXPECT_EQ(updated.status, 200) << updated.body;
  EXPECT_NE(updated.body.find(R"("cronExpression":"@every 5m","payload":"","enable":true)"),
            std::string::npos)
      << updated.body;
  EXPECT_EQ(ApiWorld::summary(world.fc("PUT", kTriggers + "/t", body, {{"If-Match", "3"}})),
            "412 PreconditionFailed: the resource being modified has been changed");
}

TEST_F(TriggersApi, OneOfObjectsIsPausedAndResumedByItsMemberPaused) {
  world.fc("POST", kTriggers, kOss);
  EXPECT_EQ(world.fc("GET", kTriggers + "/o").body.find("paused"), std::string::npos);
  const std::string paused = world.fc("PUT", kTriggers + "/o", R"({"paused":true})").body;
  EXPECT_NE(paused.find(R"("paused":true,"pausedTime":"2020-08-20T02:28:24Z",)"
                        R"("pausedReason":"by request","createdTime")"),
            std::string::npos)
      << paused;
  EXPECT_NE(world.fc("GET", kTriggers).body.find(R"("paused":true)"), std::string::npos);
  EXPECT_EQ(world.fc("PUT", kTriggers + "/o", R"({"paused":false})").body.find("paused"),
            std::string::npos);
  world.fc("POST", kTriggers, kHttp);
  EXPECT_EQ(ApiWorld::summary(world.fc("PUT", kTriggers + "/h", R"({"paused":true})")),
            "400 InvalidArgument: paused is for triggers of the type oss alone");
}

TEST_F(TriggersApi, MaxGenerationsHaveALimitAndNoNumberMeansNone) {
  for (const char* wrong : {"0", "129", "-1"}) {
    const std::string body =
        R"({"triggerName":"o","triggerType":"oss","sourceArn":"acs:oss:r:1:photos",
        "triggerConfig":{"events":["oss:ObjectCreated:*"],"maxGenerations":)" +
        std::string(wrong) + "}}";
    EXPECT_EQ(ApiWorld::summary(world.fc("POST", kTriggers, body)),
              "400 InvalidArgument: triggerConfig.maxGenerations is set to an invalid value "
              "(allowed: 1 to 128, actual: " +
                  std::string(wrong) + ")");
  }
}

TEST_F(TriggersApi, TheyAreListedByNamePrefixAndPage) {
  EXPECT_EQ(world.fc("GET", kTriggers).body, R"({"triggers":[]})");
  for (const std::string& body : {kHttp, kTimer, kOss}) world.fc("POST", kTriggers, body);
  const std::string first = world.fc("GET", kTriggers + "?limit=2").body;
  EXPECT_NE(first.find(R"("nextToken":"t")"), std::string::npos) << first;
  EXPECT_LT(first.find(R"("triggerName":"h")"), first.find(R"("triggerName":"o")"));
  const std::string last = world.fc("GET", kTriggers + "?limit=2&nextToken=t").body;
  EXPECT_EQ(ApiWorld::member(last, "triggerName"), "t");
  EXPECT_EQ(last.find("nextToken"), std::string::npos);
  const std::string with_prefix = world.fc("GET", kTriggers + "?prefix=o").body;
  EXPECT_EQ(ApiWorld::member(with_prefix, "triggerName"), "o");
}

TEST_F(TriggersApi, WhatIsNotThereIsNamed) {
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", kTriggers + "/x")),
            "404 TriggerNotFound: trigger 'x' does not exist in function 'f'");
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", "/services/s/functions/g/triggers")),
            "404 FunctionNotFound: function 'g' does not exist in service 's'");
  world.fc("POST", kTriggers, kHttp);
  EXPECT_EQ(ApiWorld::summary(world.fc("POST", kTriggers, kHttp)),
            "409 TriggerAlreadyExists: trigger 'h' already exists in function 'f'");
  EXPECT_EQ(ApiWorld::summary(world.fc("DELETE", "/services/s/functions/f")),
            "409 FunctionNotEmpty: function 'f' has active triggers");
  const http::Response gone = world.fc("DELETE", kTriggers + "/h");
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.body, "");
  EXPECT_EQ(world.fc("DELETE", "/services/s/functions/f").status, 204);
}

TEST_F(TriggersApi, WhatIsNoListOfTextsIsRefused) {
  EXPECT_EQ(ApiWorld::summary(world.fc("POST", kTriggers, R"({"triggerName":"h",
      "triggerType":"http","triggerConfig":{"methods":["GET",1]}})")),
            "400 InvalidArgument: triggerConfig.methods must hold strings only (actual: an "
            "integer)");
}

}  // namespace
}  // namespace convoke
