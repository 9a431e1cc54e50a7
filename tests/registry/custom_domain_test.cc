#include "core/registry/custom_domain.h"

#include <gtest/gtest.h>

#include "core/registry/decide.h"
#include "core/registry/former_domains.h"

namespace convoke {
namespace {

DomainRoute to(const std::string& path, const std::string& function = "f") {
  return {path, "s", "", function, {}};
}

std::string function_at(const std::vector<DomainRoute>& routes, const std::string& path) {
  CustomDomain domain;
  domain.routes = routes;
  const DomainRoute* route = domain.route_of(path);
  return route != nullptr ? route->function : "";
}

TEST(CustomDomain, TheLongestRouteWinsAndAnExactOneOverAll) {
  const std::vector<DomainRoute> routes = {to("/*", "all"), to("/shop/*", "shop"),
                                           to("/shop/cart/*", "cart"), to("/shop/a", "exact")};
  EXPECT_EQ(function_at(routes, "/"), "all");
  EXPECT_EQ(function_at(routes, "/shop"), "all");
  EXPECT_EQ(function_at(routes, "/shopping"), "all");
  EXPECT_EQ(function_at(routes, "/shop/"), "shop");
  EXPECT_EQ(function_at(routes, "/shop/a"), "exact");
  EXPECT_EQ(function_at(routes, "/shop/a/b"), "shop");
  EXPECT_EQ(function_at(routes, "/shop/cart/1"), "cart");
  EXPECT_EQ(function_at({to("/a")}, "/a/"), "");
}

TEST(CustomDomain, APathThatAProgramMightTakeForAnotherHasNoRoute) {
  const std::vector<DomainRoute> routes = {to("/public/*"), to("/*")};
  for (const char* path : {"/public/../admin", "/public/./x", "/..", "/public/..", "/."})
    EXPECT_EQ(function_at(routes, path), "") << path;
  EXPECT_EQ(function_at(routes, "/public/..a/b.c/..."), "f");
}

TEST(CustomDomain, RoutesAreReadBackAsTheyWereWritten) {
  const std::vector<DomainRoute> routes = {{"/a/*", "s", "LATEST", "f", {"GET", "POST"}},
                                           {"/\xc3\xa9%", "s", "", "g", {}}};
  EXPECT_EQ(as_lines(routes), "/a/* s.LATEST/f GET,POST\n/\xc3\xa9% s/g \n");
  EXPECT_EQ(routes_from_lines(as_lines(routes)), routes);
  EXPECT_TRUE(routes_from_lines("rubbish\n").empty());
}

TEST(FormerDomains, AHostThatWasADomainIsRememberedAndBeyondTheBoundAnyMayBe) {
  FormerDomains former;
  EXPECT_FALSE(former.may_hold("a.b"));
  former.apply({1, DomainPut{std::make_shared<const CustomDomain>()}});
  former.apply({2, DomainGone{"a.b"}});
  EXPECT_TRUE(former.may_hold("A.B"));
  EXPECT_FALSE(former.may_hold("b.c"));
  for (std::size_t i = 0; i < FormerDomains::kKeptMax; ++i)
    former.apply({3, DomainGone{std::to_string(i) + ".b"}});
  EXPECT_TRUE(former.may_hold("b.c"));
}

class DecideDomain : public ::testing::Test {
 protected:
  DecideDomain() {
    EXPECT_EQ(outcome(CreateService{"s", {}}), "");
    FunctionFields fields;
    fields.runtime = "in-process";
    fields.handler = "pi";
    EXPECT_EQ(outcome(CreateFunction{"s", "f", fields}), "");
  }
  // "" or "CODE: message".
  std::string outcome(const Mutation& mutation) {
    const Stamp stamp{committed.version() + 1, wall_from_ms(1000)};
    const Result<Change> change =
        decide(committed, mutation, stamp, [](std::string_view) { return true; });
    if (!change) return std::string(change.error().name()) + ": " + change.error().message;
    committed.apply(*change);
    return "";
  }
  static DomainFields routes(std::vector<DomainRoute> all) { return {{}, std::move(all)}; }
  Directory committed;
};

TEST_F(DecideDomain, ItsNameIsOneOfDnsByWhichTheApiIsNotReached) {
  for (const char* name : {"a.example", "a-1.b.c2", "xn--bcher-kva.example"})
    EXPECT_EQ(outcome(CreateDomain{name, {}}), "") << name;
  for (const std::string& name :
       {std::string(""), std::string("localhost"), std::string("a.localhost"),
        std::string("127.0.0.1"), std::string("::1"), std::string("A.example"), std::string("a"),
        std::string("a."), std::string(".a"), std::string("a..b"), std::string("-a.b"),
        std::string("a-.b"), std::string("a_b.c"), std::string("a.example:80"),
        std::string("*.example"), std::string(64, 'a') + ".b",
        std::string(127, 'a') + "." + std::string(127, 'b')})
    EXPECT_EQ(outcome(CreateDomain{name, {}}).find("InvalidArgument: domainName"), 0U) << name;
  EXPECT_EQ(outcome(CreateDomain{"a.example", {}}),
            "DomainNameAlreadyExists: domain name a.example already exists");
  EXPECT_TRUE(committed.find_domain("A.EXAMPLE"));
  EXPECT_FALSE(committed.find_domain("b.example"));
}

TEST_F(DecideDomain, RoutesAreCheckedAndTheirFunctionsMustBeThere) {
  const auto create = [this](std::vector<DomainRoute> all) {
    return outcome(CreateDomain{"a.example", routes(std::move(all))});
  };
  for (const char* path : {"", "a", "/a*", "/*/a", "*", "/a b", "/a\n", "/**"})
    EXPECT_EQ(create({to(path)}).find("InvalidArgument: routeConfig.routes.path"), 0U) << path;
  EXPECT_EQ(create({to("/" + std::string(kRoutePathBytesMax, 'a'))}).find("InvalidArgument"), 0U);
  EXPECT_EQ(create({to("/a"), to("/b"), to("/a")}).find("InvalidArgument"), 0U);
  EXPECT_EQ(create({{"/a", "", "", "f", {}}}).find("InvalidArgument: serviceName"), 0U);
  EXPECT_EQ(create({{"/a", "s", "", "f", {"get"}}}).find("InvalidArgument"), 0U);
  EXPECT_EQ(create(std::vector<DomainRoute>(kRoutesPerDomainMax + 1, to("/a"))).find("Invalid"),
            0U);
  EXPECT_EQ(create({to("/a", "nobody")}).find("FunctionNotFound"), 0U);
  EXPECT_EQ(create({{"/a", "s", "prod", "f", {}}}).find("AliasNotFound"), 0U);
  EXPECT_EQ(create({{"/a", "s", "LATEST", "f", {"POST", "GET", "GET"}}}), "");
  EXPECT_EQ(committed.find_domain("a.example")->routes.front().methods,
            (std::vector<std::string>{"GET", "POST"}));
}

TEST_F(DecideDomain, AnUpdateKeepsWhatIsNotSentAndIsHeldToItsEtag) {
  ASSERT_EQ(outcome(CreateDomain{"a.example", routes({to("/a")})}), "");
  const std::string etag = committed.find_domain("a.example")->etag;
  ASSERT_EQ(outcome(UpdateDomain{"a.example", {{"HTTP"}, {}}, etag}), "");
  EXPECT_EQ(committed.find_domain("a.example")->routes.size(), 1U);
  EXPECT_EQ(outcome(UpdateDomain{"a.example", {}, etag}).find("PreconditionFailed"), 0U);
  EXPECT_EQ(outcome(UpdateDomain{"a.example", {{"HTTPS"}, {}}, {}}).find("InvalidArgument"), 0U);
  EXPECT_EQ(outcome(DeleteDomain{"a.example", etag}).find("PreconditionFailed"), 0U);
  EXPECT_EQ(outcome(DeleteDomain{"a.example", {}}), "");
  EXPECT_EQ(outcome(DeleteDomain{"a.example", {}}),
            "DomainNameNotFound: domain name 'a.example' does not exist");
}

}  // namespace
}  // namespace convoke
