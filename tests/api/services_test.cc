#include <gtest/gtest.h>

#include "tests/api/api_world.h"

namespace convoke {
namespace {

TEST(Services, ANewOneHasTheDefaults) {
  ApiWorld world;
  const http::Response made = world.fc("POST", "/services", R"({"serviceName":"s"})");
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(made.headers.get("Etag"), "1");
  EXPECT_EQ(made.body,
            R"({"serviceName":"s","serviceId":"1","description":"","role":"",)"
            R"("logConfig":{"project":"","logstore":"","enableRequestMetrics":false,)"
            R"("enableInstanceMetrics":false,"logBeginRule":"None"},)"
            R"("vpcConfig":null,"nasConfig":null,"internetAccess":true,)"
            R"("tracingConfig":{"type":null,"params":null},)"
            R"("createdTime":"2020-08-20T02:28:21Z","lastModifiedTime":"2020-08-20T02:28:21Z"})");
  EXPECT_EQ(world.fc("GET", "/services/s").body, made.body);
  EXPECT_EQ(world.fc("GET", "/services/s").headers.get("Etag"), "1");
}

TEST(Services, EveryMemberComesBackWhateverTheCaseOfItsKey) {
  ApiWorld world;
  const http::Response made =
      world.fc("POST", "/services",
               R"({"ServiceName":"s","DESCRIPTION":"d","role":"r","internetAccess":false,)"
               R"("logConfig":{"project":"p","logStore":"l","enableRequestMetrics":true,"x":null},)"
               R"("vpcConfig":{"vpcId": "v", "vSwitchIds": ["a"]},"nasConfig":null,)"
               R"("tracingConfig":{"type":"Jaeger","params":{"endpoint":"e"}},"unknown":[1,2]})");
  EXPECT_EQ(made.body,
            R"({"serviceName":"s","serviceId":"1","description":"d","role":"r",)"
            R"("logConfig":{"project":"p","logstore":"l","enableRequestMetrics":true,)"
            R"("enableInstanceMetrics":false,"logBeginRule":"None"},)"
            R"("vpcConfig":{"vpcId":"v","vSwitchIds":["a"]},"nasConfig":null,)"
            R"("internetAccess":false,)"
            R"("tracingConfig":{"type":"Jaeger","params":{"endpoint":"e"}},)"
            R"("createdTime":"2020-08-20T02:28:21Z","lastModifiedTime":"2020-08-20T02:28:21Z"})");
}

TEST(Services, AnUpdateKeepsWhatIsAbsentAndWhenItWasMade) {
  ApiWorld world;
  world.fc("POST", "/services", R"({"serviceName":"s","description":"d","role":"r"})");
  const http::Response changed =
      world.fc("PUT", "/services/s", R"({"description":"e","role":null,"tracingConfig":{}})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.headers.get("Etag"), "2");
  EXPECT_EQ(ApiWorld::member(changed.body, "description"), "e");
  EXPECT_EQ(ApiWorld::member(changed.body, "role"), "r");
  EXPECT_EQ(ApiWorld::member(changed.body, "createdTime"), "2020-08-20T02:28:21Z");
  EXPECT_EQ(ApiWorld::member(changed.body, "lastModifiedTime"), "2020-08-20T02:28:22Z");
  EXPECT_NE(changed.body.find(R"("tracingConfig":{"type":null,"params":null})"), std::string::npos);
  EXPECT_EQ(world.fc("GET", "/services/s").body, changed.body);
}

TEST(Services, AStaleIfMatchIsRefused) {
  ApiWorld world;
  world.create_service("s");
  EXPECT_EQ(ApiWorld::summary(world.fc("PUT", "/services/s", "{}", {{"if-match", "7"}})),
            "412 PreconditionFailed: the resource being modified has been changed");
  EXPECT_EQ(world.fc("PUT", "/services/s", "{}", {{"If-Match", "1"}}).status, 200);
  EXPECT_EQ(world.fc("DELETE", "/services/s", "", {{"If-Match", "1"}}).status, 412);
  EXPECT_EQ(world.fc("DELETE", "/services/s", "", {{"If-Match", "2"}}).status, 204);
}

TEST(Services, DeletingAnswers204AndNothingElse) {
  ApiWorld world;
  world.create_service("s");
  const http::Response gone = world.fc("DELETE", "/services/s");
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.body, "");
  EXPECT_EQ(gone.headers.find("Content-Type"), nullptr);
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", "/services/s")),
            "404 ServiceNotFound: service 's' does not exist");
}

TEST(Services, ConflictsAreNamed) {
  ApiWorld world;
  world.create_service("s");
  EXPECT_EQ(ApiWorld::summary(world.fc("POST", "/services", R"({"serviceName":"s"})")),
            "409 ServiceAlreadyExists: service 's' already exists");
  world.create_function("s", "f");
  EXPECT_EQ(ApiWorld::summary(world.fc("DELETE", "/services/s")),
            "409 ServiceNotEmpty: service 's' has active 'functions'");
}

TEST(Services, OfTheQualifiersOnlyLatestExists) {
  ApiWorld world;
  world.create_service("s");
  EXPECT_EQ(world.fc("GET", "/services/s.LATEST").status, 200);
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", "/services/s.prod")),
            "404 AliasNotFound: alias 'prod' of service 's' does not exist");
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", "/services/s.3")),
            "404 VersionNotFound: version '3' of service 's' does not exist");
  EXPECT_EQ(world.fc("PUT", "/services/s.3", "{}").status, 404);
  EXPECT_EQ(world.fc("DELETE", "/services/s.prod").status, 404);
  EXPECT_EQ(ApiWorld::summary(world.fc("GET", "/services/t.prod")),
            "404 ServiceNotFound: service 't' does not exist");
}

TEST(Services, WrongBodiesAreRefusedByTheirMember) {
  ApiWorld world;
  world.create_service("s");
  const auto refusal = [&](const std::string& body) {
    return ApiWorld::summary(world.fc("POST", "/services", body));
  };
  EXPECT_EQ(refusal(R"({})").find("400 InvalidArgument: serviceName is set to an invalid value"),
            0U);
  EXPECT_EQ(refusal(R"({"serviceName":7})"),
            "400 InvalidArgument: serviceName must be a string (actual: an integer)");
  EXPECT_EQ(refusal(R"({"serviceName":"a","internetAccess":"yes"})"),
            "400 InvalidArgument: internetAccess must be a boolean (actual: a string)");
  EXPECT_EQ(refusal(R"({"serviceName":"a","logConfig":"x"})"),
            "400 InvalidArgument: logConfig must be an object (actual: a string)");
  EXPECT_EQ(refusal(R"({"serviceName":"a","logConfig":{"project":[]}})"),
            "400 InvalidArgument: logConfig.project must be a string (actual: an array)");
  EXPECT_EQ(refusal("").find("400 InvalidArgument: the body is not usable as JSON"), 0U);
  EXPECT_EQ(refusal("[]").find("400 InvalidArgument: the body is not usable as JSON"), 0U);
  EXPECT_EQ(world.fc("PUT", "/services/s", "nonsense").status, 400);
}

TEST(Services, AnEmptyListIsAList) {
  ApiWorld world;
  EXPECT_EQ(world.fc("GET", "/services").body, R"({"services":[]})");
}

TEST(Services, ListsAreCutIntoPages) {
  ApiWorld world;
  for (const char* name : {"b2", "a1", "b1", "c1", "b3"}) world.create_service(name);
  const auto names = [&](const std::string& query) {
    const http::Response page = world.fc("GET", "/services?" + query);
    EXPECT_EQ(page.status, 200);
    std::string all;
    for (std::size_t at = 0; (at = page.body.find("\"serviceName\":\"", at)) != std::string::npos;
         ++at)
      all += page.body.substr(at + 15, 2) + ' ';
    return all + "next=" + ApiWorld::member(page.body, "nextToken");
  };
  EXPECT_EQ(names(""), "a1 b1 b2 b3 c1 next=");
  EXPECT_EQ(names("limit=2"), "a1 b1 next=b2");
  EXPECT_EQ(names("limit=2&nextToken=b2"), "b2 b3 next=c1");
  EXPECT_EQ(names("limit=2&nextToken=c1&startKey=a1"), "c1 next=");
  EXPECT_EQ(names("prefix=b&limit=3"), "b1 b2 b3 next=");
  EXPECT_EQ(names("prefix=b&startKey=b2"), "b2 b3 next=");
  EXPECT_EQ(names("tag_k=v"), "next=");  // nothing has tags
  EXPECT_EQ(names("unknown=1&date=x"), "a1 b1 b2 b3 c1 next=");
}

TEST(Services, ALimitOutsideItsRangeIsRefused) {
  ApiWorld world;
  for (const char* limit : {"0", "101", "-1", "x", "1x", "99999999999999999999", "%201"})
    EXPECT_EQ(world.fc("GET", std::string("/services?limit=") + limit).status, 400) << limit;
  EXPECT_EQ(world.fc("GET", "/services?limit=100").status, 200);
  EXPECT_EQ(world.fc("GET", "/services?limit=").status, 200);
  EXPECT_EQ(world.fc("GET", "/services?limit=%").status, 400);
}

}  // namespace
}  // namespace convoke
