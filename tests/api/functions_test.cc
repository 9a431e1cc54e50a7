#include <gtest/gtest.h>

#include "core/registry/code_store.h"
#include "tests/api/api_world.h"

namespace convoke {
namespace {

const std::string kFunctions = "/services/s/functions";
const std::string kFunction = "/services/s/functions/f";

std::string checksum() { return checksum_of(make_zip({{"bootstrap", "run", kExecutableMode}})); }
std::string size() {
  return std::to_string(make_zip({{"bootstrap", "run", kExecutableMode}}).size());
}

class Functions : public ::testing::Test {
 protected:
  Functions() { world.create_service("s"); }

  std::string refusal(const std::string& more) {
    return ApiWorld::summary(world.fc("POST", kFunctions, ApiWorld::function_body("g", more)));
  }

  ApiWorld world;
};

TEST_F(Functions, ANewOneHasTheDefaults) {
  const http::Response made = world.fc("POST", kFunctions, ApiWorld::function_body("f"));
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.headers.get("Etag"), "2");
  EXPECT_EQ(
      made.body,
      R"({"functionName":"f","functionId":"2","description":"","runtime":"custom",)"
      R"("handler":"h","initializer":"","initializationTimeout":30,"timeout":3,)"
      R"("memorySize":128,"instanceConcurrency":1,"caPort":9000,"environmentVariables":{},)"
      R"("instanceType":"e1","layers":null,"customContainerConfig":null,"recursionConfig":{"limit":16,"mode":"enforce","budget":)"
      R"({"invocations":10000,"attempts":20000,"seconds":360000}},)"
      R"("paceConfig":{"mode":"adapt","retryPercent":10},"codeSize":)" +
          size() + R"(,"codeChecksum":")" + checksum() +
          R"(","createdTime":"2020-08-20T02:28:22Z",)"
          R"("lastModifiedTime":"2020-08-20T02:28:22Z"})");
  EXPECT_EQ(world.fc("GET", kFunction).body, made.body);
  EXPECT_EQ(world.fc("GET", "/services/s.LATEST/functions/f").body, made.body);
}

TEST_F(Functions, ARecursionConfigIsKeptWholeAndReplacedWhole) {
  const auto shown = [](const http::Response& answer) {
    const std::size_t at = answer.body.find("\"recursionConfig\":") + 18;
    return answer.body.substr(at, answer.body.find("}}", at) + 2 - at);
  };
  world.fc("POST", kFunctions,
           ApiWorld::function_body("f", R"(,"recursionConfig":{"limit":3,"mode":"warn",)"
                                        R"("budget":{"invocations":5,"seconds":60}})"));
  const std::string given = R"({"limit":3,"mode":"warn","budget":)"
                            R"({"invocations":5,"attempts":20000,"seconds":60}})";
  EXPECT_EQ(shown(world.fc("GET", kFunction)), given);
  EXPECT_EQ(shown(world.fc("PUT", kFunction, R"({"timeout":9})")), given);
  EXPECT_EQ(shown(world.fc("PUT", kFunction, R"({"recursionConfig":{"mode":"allow"}})")),
            R"({"limit":16,"mode":"allow","budget":)"
            R"({"invocations":10000,"attempts":20000,"seconds":360000}})");
}

TEST_F(Functions, ARecursionConfigThatMeansNothingIs400) {
  for (const char* config :
       {R"({"limit":0})", R"({"limit":129})", R"({"limit":"3"})", R"({"mode":"off"})", R"([])",
        R"("allow")", R"({"budget":{"invocations":0}})", R"({"budget":{"attempts":0}})",
        R"({"budget":{"seconds":1000000001}})", R"({"budget":7})"}) {
    const std::string said = refusal(std::string(R"(,"recursionConfig":)") + config);
    EXPECT_TRUE(said.starts_with("400 InvalidArgument")) << config << ": " << said;
  }
}

TEST_F(Functions, APaceConfigIsKeptWholeAndOneThatMeansNothingIs400) {
  world.fc("POST", kFunctions, ApiWorld::function_body("f", R"(,"paceConfig":{"mode":"off"})"));
  EXPECT_NE(
      world.fc("GET", kFunction).body.find(R"("paceConfig":{"mode":"off","retryPercent":10})"),
      std::string::npos);
  world.fc("PUT", kFunction, R"({"paceConfig":{"retryPercent":0}})");
  EXPECT_NE(
      world.fc("GET", kFunction).body.find(R"("paceConfig":{"mode":"adapt","retryPercent":0})"),
      std::string::npos);
  for (const char* config : {R"({"retryPercent":-1})", R"({"retryPercent":101})",
                             R"({"mode":"on"})", R"({"retryPercent":"1"})", R"([])"}) {
    const std::string said = refusal(std::string(R"(,"paceConfig":)") + config);
    EXPECT_TRUE(said.starts_with("400 InvalidArgument")) << config << ": " << said;
  }
}

TEST_F(Functions, EveryMemberComesBack) {
  const http::Response made = world.fc(
      "POST", kFunctions,
      R"({"FunctionName":"f","Runtime":"python3.9","Handler":"index.handler",)"
      R"("initializer":"index.init","initializationTimeout":60,"timeout":86400,"memorySize":1024,)"
      R"("instanceConcurrency":10,"caPort":8080,"description":"d","instanceType":"c1",)"
      R"("environmentVariables":{"B":"2","a":"\u00fc","gone":null},"layers":["l1"],)"
      R"("customContainerConfig":{"image":"i","command":"[\"x\"]","args":null},"cpu":0.5,)"
      R"("code":{"zipFile":")" +
          ApiWorld::zip_base64() + R"("}})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.body.substr(0, made.body.find(",\"recursionConfig\"")),
            R"({"functionName":"f","functionId":"2","description":"d","runtime":"python3.9",)"
            R"("handler":"index.handler","initializer":"index.init","initializationTimeout":60,)"
            R"("timeout":86400,"memorySize":1024,"instanceConcurrency":10,"caPort":8080,)"
            "\"environmentVariables\":{\"B\":\"2\",\"a\":\"\xc3\xbc\"},"
            R"("instanceType":"c1","layers":["l1"],)"
            R"("customContainerConfig":{"image":"i","command":"[\"x\"]"})");
}

TEST_F(Functions, AnUpdateKeepsWhatIsAbsentAndReplacesTheEnvironmentWhole) {
  world.fc("POST", kFunctions,
           ApiWorld::function_body("f", R"(,"environmentVariables":{"A":"1","B":"2"})"));
  http::Response changed = world.fc("PUT", kFunction, R"({"timeout":9,"handler":null})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_NE(changed.body.find(R"("timeout":9)"), std::string::npos);
  EXPECT_EQ(ApiWorld::member(changed.body, "handler"), "h");
  EXPECT_EQ(ApiWorld::member(changed.body, "codeChecksum"), checksum());
  EXPECT_EQ(ApiWorld::member(changed.body, "createdTime"), "2020-08-20T02:28:22Z");
  EXPECT_EQ(ApiWorld::member(changed.body, "lastModifiedTime"), "2020-08-20T02:28:23Z");
  EXPECT_NE(changed.body.find(R"("environmentVariables":{"A":"1","B":"2"})"), std::string::npos);
  changed = world.fc("PUT", kFunction, R"({"environmentVariables":{"C":"3"}})");
  EXPECT_NE(changed.body.find(R"("environmentVariables":{"C":"3"})"), std::string::npos);
  changed = world.fc("PUT", kFunction, R"({"environmentVariables":{}})");
  EXPECT_NE(changed.body.find(R"("environmentVariables":{})"), std::string::npos);
}

TEST_F(Functions, NewCodeHasANewChecksum) {
  world.create_function("s", "f");
  const http::Response changed = world.fc(
      "PUT", kFunction, R"({"code":{"zipFile":")" + ApiWorld::zip_base64("other") + R"("}})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_NE(ApiWorld::member(changed.body, "codeChecksum"), checksum());
}

TEST_F(Functions, AStaleIfMatchIsRefused) {
  world.create_function("s", "f");
  EXPECT_EQ(world.fc("PUT", kFunction, "{}", {{"If-Match", "1"}}).status, 412);
  EXPECT_EQ(world.fc("PUT", kFunction, "{}", {{"If-Match", "\"2\""}}).status, 200);
  EXPECT_EQ(world.fc("DELETE", kFunction, "", {{"If-Match", "2"}}).status, 412);
  EXPECT_EQ(world.fc("DELETE", kFunction, "", {{"If-Match", "3"}}).status, 204);
}

TEST_F(Functions, WhatIsNotThereIsNamed) {
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", kFunction)),
            "404 FunctionNotFound: function 'f' does not exist in service 's'");
  EXPECT_EQ(world.fc("PUT", kFunction, "{}").status, 404);
  EXPECT_EQ(world.fc("DELETE", kFunction).status, 404);
  EXPECT_EQ(world.fc("GET", kFunction + "/code").status, 404);
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", "/services/t/functions/f")),
            "404 ServiceNotFound: service 't' does not exist");
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", "/services/t/functions")),
            "404 ServiceNotFound: service 't' does not exist");
  EXPECT_EQ(
      ApiWorld::summary(world.fc("POST", "/services/t/functions", ApiWorld::function_body("f"))),
      "404 ServiceNotFound: service 't' does not exist");
  EXPECT_EQ(world.fc("GET", "/services/s.prod/functions").status, 404);
  EXPECT_EQ(world.fc("GET", "/services/s.prod/functions/f").status, 404);
}

TEST_F(Functions, ANameIsTakenOnceAndFreeAgainAfterwards) {
  world.create_function("s", "f");
  EXPECT_EQ(ApiWorld::summary(world.fc("POST", kFunctions, ApiWorld::function_body("f"))),
            "409 FunctionAlreadyExists: function 'f' already exists in service 's'");
  EXPECT_EQ(world.fc("DELETE", kFunction).status, 204);
  const http::Response again = world.fc("POST", kFunctions, ApiWorld::function_body("f"));
  EXPECT_EQ(again.status, 200);
  EXPECT_NE(ApiWorld::member(again.body, "functionId"), "2");
}

TEST_F(Functions, WrongMembersAreRefusedByName) {
  EXPECT_EQ(refusal(R"(,"timeout":"3")"),
            "400 InvalidArgument: timeout must be an integer (actual: a string)");
  EXPECT_EQ(refusal(R"(,"timeout":3.5)"),
            "400 InvalidArgument: timeout must be an integer (actual: a number)");
  EXPECT_EQ(refusal(R"(,"timeout":0)"),
            "400 InvalidArgument: timeout is set to an invalid value (allowed: 1 to 86400, "
            "actual: 0)");
  EXPECT_EQ(refusal(R"(,"instanceConcurrency":201)").find("400 InvalidArgument: instanceConc"), 0U);
  EXPECT_EQ(refusal(R"(,"environmentVariables":{"A":1})"),
            "400 InvalidArgument: environmentVariables: the value of 'A' must be a string "
            "(actual: an integer)");
  EXPECT_EQ(refusal(R"(,"environmentVariables":[])"),
            "400 InvalidArgument: environmentVariables must be an object (actual: an array)");
  EXPECT_EQ(refusal(R"(,"layers":"x")"),
            "400 InvalidArgument: layers must be an array (actual: a string)");
  EXPECT_EQ(world.fc("GET", kFunctions).body, R"({"functions":[]})");
}

TEST_F(Functions, AnUnknownRuntimeIsRefused) {
  const std::string body = R"({"functionName":"g","runtime":"java8","handler":"h"})";
  EXPECT_EQ(ApiWorld::summary(world.fc("POST", kFunctions, body)),
            "400 InvalidArgument: Runtime is set to an invalid value (allowed: custom | python3, "
            "actual: 'java8')");
}

TEST_F(Functions, CodeMustBeSentAsAZip) {
  const auto with_code = [&](const std::string& code) {
    return ApiWorld::summary(
        world.fc("POST", kFunctions,
                 R"({"functionName":"g","runtime":"custom","handler":"h")" + code + "}"));
  };
  EXPECT_EQ(with_code("").find("400 InvalidArgument: code is missing"), 0U);
  EXPECT_EQ(with_code(R"(,"code":{})").find("400 InvalidArgument: code is missing"), 0U);
  EXPECT_EQ(with_code(R"(,"code":"zip")"),
            "400 InvalidArgument: code must be an object (actual: a string)");
  EXPECT_EQ(with_code(R"(,"code":{"zipFile":1})"),
            "400 InvalidArgument: code.zipFile must be a string (actual: an integer)");
  EXPECT_EQ(with_code(R"(,"code":{"zipFile":"%%%%"})").find("400 InvalidArgument: code.zipFile"),
            0U);
  EXPECT_EQ(with_code(R"(,"code":{"ossBucketName":"b","ossObjectName":"o"})")
                .find("400 InvalidArgument: code.ossBucketName is not offered"),
            0U);
}

TEST_F(Functions, AnInProcessHandlerHasNoCode) {
  const http::Response made =
      world.fc("POST", kFunctions, R"({"functionName":"f","runtime":"in-process","handler":"pi"})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_NE(made.body.find(R"("codeSize":0,"codeChecksum":"")"), std::string::npos);
  EXPECT_EQ(world.fc("GET", kFunction + "/code").status, 400);
}

TEST_F(Functions, ListsAreOfOneServiceAndCutIntoPages) {
  world.create_service("t");
  world.create_function("t", "other");
  for (const char* name : {"f3", "f1", "f2"}) world.create_function("s", name);
  const http::Response first = world.fc("GET", kFunctions + "?limit=2&prefix=f");
  EXPECT_EQ(ApiWorld::member(first.body, "functionName"), "f1");
  EXPECT_EQ(ApiWorld::member(first.body, "nextToken"), "f3");
  const http::Response second = world.fc("GET", "/services/s.LATEST/functions?nextToken=f3");
  EXPECT_EQ(ApiWorld::member(second.body, "functionName"), "f3");
  EXPECT_EQ(second.body.find("nextToken"), std::string::npos);
  EXPECT_EQ(second.body.find("other"), std::string::npos);
}

}  // namespace
}  // namespace convoke
