#include <gtest/gtest.h>

#include "tests/api/api_world.h"

namespace convoke {
namespace {

const std::string kFunction = "/services/s/functions/f";
const std::string kDone = R"({"success":true,"callsEnded":0,"callsWaiting":7,"stillStoppedBy":""})";

class InvocationSwitch : public ::testing::Test {
 protected:
  InvocationSwitch() {
    world.create_service("s");
    world.create_function("s", "f");
  }
  std::string shown(const std::string& path = "/2016-08-15" + kFunction) {
    const std::string body = world.call("GET", path).body;
    const std::size_t at = body.find("\"invocationRestriction\"");
    return at == std::string::npos ? "" : body.substr(at, body.rfind('}') - at);
  }
  ApiWorld world;
};

TEST_F(InvocationSwitch, AFunctionIsStoppedShownAndLetGo) {
  EXPECT_EQ(shown(), "");
  const http::Response off =
      world.fc("POST", kFunction + "/invoke/disable",
               R"({"abortOngoingRequest":true,"reason":"x > y","by":"ada"})");
  EXPECT_EQ(off.status, 200);
  EXPECT_EQ(ApiWorld::member(off.body, "stillStoppedBy"),
            "'s/f' is stopped by its kill switch: x > y (set by ada)");
  EXPECT_EQ(shown(), R"("invocationRestriction":{"disable":true,"reason":"x > y",)"
                     R"("lastModifiedTime":"2020-08-20T02:28:23Z","by":"ada",)"
                     R"("scope":{"service":"s","function":"f"},"abortOngoingRequest":true,)"
                     R"("refuseAsync":false})");
  EXPECT_EQ(world.fc("POST", kFunction + "/invoke/enable").body, kDone);
  EXPECT_EQ(shown(), "");
}

TEST_F(InvocationSwitch, WithoutAbortOngoingRequestItDrains) {
  world.fc("POST", kFunction + "/invoke/disable");
  EXPECT_NE(shown().find(R"("abortOngoingRequest":false)"), std::string::npos);
}

TEST_F(InvocationSwitch, IsShownInTheListAndInTheAnswersToChangesToo) {
  world.fc("POST", kFunction + "/invoke/disable", R"({"reason":"r"})");
  EXPECT_NE(world.fc("GET", "/services/s/functions").body.find("invocationRestriction"),
            std::string::npos);
  EXPECT_NE(world.fc("PUT", kFunction, R"({"timeout":5})").body.find("invocationRestriction"),
            std::string::npos);
}

TEST_F(InvocationSwitch, WhoeverSignedIsNamed) {
  world.fc("POST", kFunction + "/invoke/disable", R"({"by":"ada@host"})",
           {{"Authorization", "FC AKID:sig"}, {"Date", "Thu, 20 Aug 2020 02:28:20 GMT"}});
  EXPECT_EQ(ApiWorld::member(shown(), "by"), "AKID (ada@host)");
}

TEST_F(InvocationSwitch, AWiderOneOutlivesTheFunctionsOwn) {
  world.fc("POST", "/services/s/invoke/disable", R"({"reason":"broken"})");
  const http::Response on = world.fc("POST", kFunction + "/invoke/enable");
  EXPECT_EQ(ApiWorld::member(on.body, "stillStoppedBy"),
            "service 's' is stopped by its kill switch: broken");
  EXPECT_EQ(world.fc("POST", "/services/s/invoke/enable").body, kDone);
  world.fc("POST", "/invoke/disable");
  EXPECT_NE(shown().find(R"("scope":{"service":"","function":""})"), std::string::npos);
  EXPECT_EQ(world.fc("POST", "/invoke/enable", "null").body, kDone);
  EXPECT_EQ(shown(), "");
}

TEST_F(InvocationSwitch, ALimitOfZeroIsNamedWhereASwitchIsLifted) {
  world.fc("PUT", kFunction + "/on-demand-config", R"({"maximumInstanceCount":0})");
  EXPECT_EQ(ApiWorld::member(world.fc("POST", kFunction + "/invoke/enable").body, "stillStoppedBy"),
            "'s/f' has a limit of 0 (its maximumInstanceCount)");
}

TEST_F(InvocationSwitch, TimesAreShown) {
  world.fc("POST", kFunction + "/invoke/disable", R"({"expiresInSeconds":60,"refuseAsync":true})");
  EXPECT_EQ(ApiWorld::member(shown(), "expiresTime"), "2020-08-20T02:29:23Z");
  world.fc("POST", kFunction + "/invoke/enable", R"({"rampSeconds":30})");
  EXPECT_NE(shown().find(R"("disable":false)"), std::string::npos);
  EXPECT_EQ(ApiWorld::member(shown(), "letOutUntil"), "2020-08-20T02:28:54Z");
}

TEST_F(InvocationSwitch, AllAreListedWithWhoHasNotConfirmed) {
  EXPECT_EQ(world.call("GET", "/convoke/switches").body, R"({"switches":[]})");
  world.fc("POST", "/invoke/disable", R"({"reason":"all"})");
  world.fc("POST", kFunction + "/invoke/disable", R"({"reason":"f"})");
  const std::string listed = world.call("GET", "/convoke/switches").body;
  EXPECT_NE(listed.find(R"("reason":"all")"), std::string::npos);
  EXPECT_NE(listed.find(R"({"service":"s","function":"f","invocationRestriction":)"),
            std::string::npos);
  EXPECT_NE(listed.find(R"("missing":["other:1:a"])"), std::string::npos);
}

TEST_F(InvocationSwitch, WrongRequestsAreRefused) {
  const std::string off = kFunction + "/invoke/disable";
  for (const char* body : {"[]", R"({"abortOngoingRequest":"yes"})", R"({"reason":1})",
                           R"({"expiresInSeconds":0})", R"({"expiresInSeconds":1e99})"})
    EXPECT_EQ(world.fc("POST", off, body).status, 400) << body;
  EXPECT_EQ(world.fc("POST", kFunction + "/invoke/enable", R"({"rampSeconds":0})").status, 400);
  EXPECT_EQ(world.fc("POST", "/services/s/functions/g/invoke/disable").status, 404);
  EXPECT_EQ(world.fc("POST", "/services/t/invoke/disable").status, 404);
  EXPECT_EQ(world.fc("POST", "/services/s.prod/functions/f/invoke/disable").status, 404);
  EXPECT_EQ(world.call("GET", "/convoke/switches").body, R"({"switches":[]})");
}

// ---- the API without services ----

class WithoutServices : public InvocationSwitch {
 protected:
  WithoutServices() {
    world.create_service("default");
    world.create_function("default", "f");
  }
};

TEST_F(WithoutServices, ItsFunctionsAreThoseOfTheServiceDefault) {
  const http::Response got = world.call("GET", "/2023-03-30/functions/f");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(ApiWorld::member(got.body, "functionArn"), "acs:fc:::functions/f");
  EXPECT_EQ(world.call("GET", "/2023-03-30/functions/f?qualifier=LATEST").status, 200);
  EXPECT_EQ(world.call("GET", "/2023-03-30/functions/f?qualifier=prod").status, 404);
  EXPECT_EQ(ApiWorld::summary(world.call("GET", "/2023-03-30/functions/g")),
            "404 FunctionNotFound: function 'g' does not exist.");
}

TEST_F(WithoutServices, AFunctionIsStoppedAndLetGo) {
  EXPECT_EQ(world
                .call("POST", "/2023-03-30/functions/f/invoke/disable",
                      R"({"abortOngoingRequest":true,"reason":"r"})")
                .status,
            200);
  EXPECT_NE(shown("/2023-03-30/functions/f").find(R"({"disable":true,"reason":"r")"),
            std::string::npos);
  EXPECT_NE(shown("/2016-08-15/services/default/functions/f"), "");
  EXPECT_EQ(shown(), "") << "that of another service";
  EXPECT_EQ(world.call("POST", "/2023-03-30/functions/f/invoke/enable", "{}").body, kDone);
  EXPECT_EQ(shown("/2023-03-30/functions/f"), "");
  EXPECT_EQ(world.call("POST", "/2023-03-30/functions/g/invoke/disable", "{}").status, 404);
}

TEST_F(WithoutServices, ReservedConcurrencyIsTheLimitInCallsInProgress) {
  const std::string path = "/2023-03-30/functions/f/concurrency";
  EXPECT_EQ(world.call("PUT", path, R"({"reservedConcurrency":0})").body,
            R"({"functionArn":"acs:fc:::functions/f","reservedConcurrency":0})");
  EXPECT_EQ(world.fc("GET", "/services/default/functions/f/on-demand-config").body,
            R"({"resource":"services/default/functions/f","maximumInstanceCount":0})");
  world.fc("PUT", "/services/default/functions/f", R"({"instanceConcurrency":10})");
  EXPECT_EQ(world.call("PUT", path, R"({"reservedConcurrency":15})").status, 400);
  EXPECT_EQ(world.call("PUT", path, R"({"reservedConcurrency":30})").status, 200);
  EXPECT_EQ(world.call("GET", path).body,
            R"({"functionArn":"acs:fc:::functions/f","reservedConcurrency":30})");
  EXPECT_EQ(world.fc("GET", "/services/default/functions/f/on-demand-config").body,
            R"({"resource":"services/default/functions/f","maximumInstanceCount":3})");
  EXPECT_EQ(world.call("DELETE", path).status, 204);
  EXPECT_EQ(world.call("GET", path).status, 404);
  EXPECT_EQ(world.call("PUT", "/2023-03-30/functions/g/concurrency", "{}").status, 404);
  for (const char* body :
       {"{}", R"({"reservedConcurrency":-10})", R"({"reservedConcurrency":"1"})"})
    EXPECT_EQ(world.call("PUT", path, body).status, 400) << body;
}

}  // namespace
}  // namespace convoke
