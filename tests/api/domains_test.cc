#include "core/api/domains.h"

#include <gtest/gtest.h>

#include "core/api/http_trigger.h"
#include "tests/api/api_world.h"

namespace convoke {
namespace {

const std::string kDomains = "/custom-domains";
const std::string kShop =
    R"({"domainName":"shop.example","protocol":"HTTP","routeConfig":{"routes":[
    {"path":"/api/*","serviceName":"s","functionName":"f","qualifier":null,"methods":["POST","GET"]},
    {"path":"/","serviceName":"s","functionName":"g"}]},
    "certConfig":{"certName":null,"certificate":"","privateKey":null}})";

class DomainsApi : public ::testing::Test {
 protected:
  DomainsApi() {
    world.create_service("s");
    world.create_function("s", "f");
    world.create_function("s", "g");
  }
  std::string refused(const std::string& body) {
    const std::string said = ApiWorld::summary(world.fc("POST", kDomains, body));
    EXPECT_EQ(said.find("400 InvalidArgument: "), 0U) << said;
    return said;
  }
  ApiWorld world;
};

TEST_F(DomainsApi, ACreateAnswersEveryMemberAndAGetRepeatsIt) {
  const http::Response made = world.fc("POST", kDomains, kShop);
  EXPECT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.body,
            R"({"accountId":"","apiVersion":"2016-08-15","domainName":"shop.example",)"
            R"("protocol":"HTTP","routeConfig":{"routes":[{"path":"/api/*","serviceName":"s",)"
            R"("functionName":"f","qualifier":"","methods":["GET","POST"]},{"path":"/",)"
            R"("serviceName":"s","functionName":"g","qualifier":"","methods":[]}]},)"
            R"("certConfig":{"certName":null,"certificate":null,"privateKey":null},)"
            R"("createdTime":"2020-08-20T02:28:24Z","lastModifiedTime":"2020-08-20T02:28:24Z"})");
  EXPECT_EQ(world.fc("GET", kDomains + "/shop.example").body, made.body);
  EXPECT_EQ(world.fc("GET", kDomains).body, R"({"customDomains":[)" + made.body + "]}");
  EXPECT_EQ(world.fc("DELETE", kDomains + "/shop.example").status, 204);
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", kDomains + "/shop.example")),
            "404 DomainNameNotFound: domain name 'shop.example' does not exist");
}

TEST_F(DomainsApi, AnUpdateReplacesTheRoutesAsAWhole) {
  world.fc("POST", kDomains, kShop);
  const http::Response updated = world.fc("PUT", kDomains + "/shop.example", R"({"routeConfig":
      {"routes":[{"path":"/*","serviceName":"s","functionName":"g"}]}})");
  EXPECT_EQ(updated.status, 200) << updated.body;
  EXPECT_NE(updated.body.find(R"("routes":[{"path":"/*","serviceName":"s","functionName":"g",)"),
            std::string::npos);
  EXPECT_EQ(updated.body.find("/api"), std::string::npos);
}

TEST_F(DomainsApi, WhatThisEngineDoesNotDoIsRefusedAndNotIgnored) {
  EXPECT_NE(refused(R"({"domainName":"a.b","protocol":"HTTP,HTTPS"})").find("speaks no TLS"),
            std::string::npos);
  refused(R"({"domainName":"a.b","certConfig":{"certificate":"-----BEGIN"}})");
  refused(R"({"domainName":"a.b","authConfig":{"authType":"jwt"}})");
  refused(R"({"domainName":"a.b","wafConfig":{"enableWAF":true}})");
  refused(R"({"domainName":"a.b","routeConfig":{"routes":[{"path":"/","serviceName":"s",
      "functionName":"f","rewriteConfig":{"equalRules":[{"match":"/a","replacement":"/b"}]}}]}})");
  refused(R"({"domainName":"a.b","routeConfig":{"routes":{}}})");
  refused(R"({"domainName":"a.b","routeConfig":{"routes":["/"]}})");
  refused(R"({"domainName":"a.b","routeConfig":{"routes":[{"path":"/","functionName":"f"}]}})");
  EXPECT_EQ(world
                .fc("POST", kDomains, R"({"domainName":"a.b","wafConfig":{"enableWAF":false},
      "authConfig":{"authType":"anonymous"},"tlsConfig":null})")
                .status,
            200);
}

TEST_F(DomainsApi, TheApiWithoutServicesNamesNone) {
  const std::string path = "/2023-03-30/custom-domains";
  const std::string body = R"({"domainName":"a.b","routeConfig":{"routes":[
      {"path":"/*","functionName":"f"}]}})";
  EXPECT_EQ(world.call("POST", path, body).status, 404);  // no function of the service "default"
  world.create_service("default");
  world.create_function("default", "f");
  const http::Response made = world.call("POST", path, body);
  EXPECT_EQ(made.status, 200) << made.body;
  EXPECT_NE(made.body.find(R"("apiVersion":"2023-03-30")"), std::string::npos);
  EXPECT_EQ(made.body.find("serviceName"), std::string::npos);
  EXPECT_NE(world.fc("GET", kDomains + "/a.b").body.find(R"("serviceName":"default")"),
            std::string::npos);
  EXPECT_EQ(world.call("GET", path).body, R"({"customDomains":[)" + made.body + "]}");
  EXPECT_EQ(world.call("PUT", path + "/a.b", "{}").status, 200);
  EXPECT_EQ(world.call("DELETE", path + "/a.b").status, 204);
}

// ---- which function a request is for ----

class DomainRouting : public ::testing::Test {
 protected:
  DomainRouting() {
    CustomDomain domain;
    domain.name = "shop.example";
    domain.routes = {{"/api/*", "s", "LATEST", "f", {"GET"}}, {"/caf\xc3\xa9", "s", "", "g", {}}};
    directory.apply({1, DomainPut{std::make_shared<const CustomDomain>(domain)}});
  }
  Result<Route> to(const std::string& host, const std::string& target,
                   const std::string& method = "GET") {
    http::RequestHead head{method, target, {}};
    head.headers.add("Host", host);
    return route(head, directory);
  }
  Directory directory;
};

TEST_F(DomainRouting, ARequestToADomainGoesWhereItsRoutesSayByItsDecodedPath) {
  for (const char* host : {"shop.example", "SHOP.example:7070"}) {
    const Result<Route> found = to(host, "/%61pi/x?y=1");
    ASSERT_TRUE(found) << host;
    EXPECT_EQ(found->operation(), Operation::kHttpTrigger);
    EXPECT_EQ(found->service + '.' + found->qualifier + '/' + found->function, "s.LATEST/f");
    EXPECT_EQ(found->named_by, NamedBy::kDomain);
  }
  EXPECT_EQ(to("shop.example", "/caf%C3%A9")->function, "g");
  EXPECT_EQ(to("other.example", "/healthz")->operation(), Operation::kHealth);
}

TEST_F(DomainRouting, NothingElseOfTheEngineIsReachedByADomain) {
  for (const char* target : {"/healthz", "/2016-08-15/services", "/api", "/"})
    EXPECT_EQ(to("shop.example", target).error().code, ErrorCode::kTriggerNotFound) << target;
  EXPECT_EQ(to("shop.example", "/api/x", "POST").error().code, ErrorCode::kMethodNotAllowed);
  EXPECT_EQ(to("shop.example", "/%zz").error().code, ErrorCode::kInvalidArgument);
  http::RequestHead head{"GET", "/api/x", {}};
  head.headers.add("Host", "shop.example");
  head.headers.add("x-fc-invocation-target", "2016-08-15/proxy/s/g");
  EXPECT_EQ(route(head, directory)->function, "f");
}

TEST_F(DomainRouting, AFunctionGetsThePathAsItCameWithNothingBeforeIt) {
  const Result<Route> found = to("shop.example", "/api/x");
  const http::RequestHead head = head_for_function(*found, {"GET", "/%61pi/x?y=1", {}});
  EXPECT_EQ(head.target, "/%61pi/x?y=1");
  EXPECT_EQ(head.headers.get("x-fc-base-path"), "");
}

}  // namespace
}  // namespace convoke
