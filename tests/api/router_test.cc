#include "core/api/router.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace convoke {
namespace {

std::string with(std::string pattern, const std::string& what, const std::string& by) {
  const std::size_t at = pattern.find(what);
  return at == std::string::npos ? pattern : pattern.replace(at, what.size(), by);
}

std::string path_of(const OperationRow& row, const std::string& service = "s") {
  const std::string named = with(std::string(row.pattern), "{invocation}", "i");
  const std::string with_trigger = with(with(named, "{trigger}", "t"), "{path}", "p/q");
  return with(with(with_trigger, "{service}", service), "{function}", "f");
}

std::string error_of(std::string_view method, std::string_view path) {
  const Result<Route> found = route(method, path);
  if (found) return "found " + std::string(found->row->name);
  return std::string(found.error().name()) + ": " + found.error().message;
}

TEST(Operations, StandInTheOrderOfTheirEnumAndAreEachUnlikeTheOthers) {
  std::set<std::string> names;
  std::set<std::string> routes;
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kOperations[i].operation), i);
    EXPECT_TRUE(names.emplace(kOperations[i].name).second) << kOperations[i].name;
    EXPECT_TRUE(
        routes.insert(std::string(kOperations[i].method) + std::string(kOperations[i].pattern))
            .second);
  }
}

TEST(Router, FindsEveryOperationOfTheTable) {
  for (const OperationRow& row : kOperations) {
    const Result<Route> found = route(row.method, path_of(row));
    ASSERT_TRUE(found) << row.name;
    EXPECT_EQ(found->operation(), row.operation) << row.name;
    const bool has_service = row.pattern.find("{service}") != std::string_view::npos;
    const bool has_function = row.pattern.find("{function}") != std::string_view::npos;
    EXPECT_EQ(found->service, has_service ? "s" : is_without_services(row) ? "default" : "");
    EXPECT_EQ(found->function, has_function ? "f" : "");
    EXPECT_EQ(found->qualifier, "");
  }
}

TEST(Router, TakesAQualifierWhereverAServiceStands) {
  for (const OperationRow& row : kOperations) {
    if (row.pattern.find("{service}") == std::string_view::npos) continue;
    for (const char* service : {"s.LATEST", "s%2ELATEST", "%73.LATE%53T"}) {
      const Result<Route> found = route(row.method, path_of(row, service));
      ASSERT_TRUE(found) << row.name;
      EXPECT_EQ(found->service, "s");
      EXPECT_EQ(found->qualifier, "LATEST");
    }
  }
}

TEST(Router, AMethodThatThePathDoesNotHaveIsNotSupported) {
  for (const OperationRow& row : kOperations) {
    if (row.method == "*") continue;
    const bool handshake = row.pattern == row_of(Operation::kCloudEventsHandshake).pattern;
    for (const char* method : {"PATCH", "get", "OPTIONS", "HEAD", ""}) {
      if (handshake && method == std::string_view("OPTIONS")) continue;
      EXPECT_EQ(error_of(method, path_of(row)), "PathNotSupported: '" + path_of(row) +
                                                    "' against '" + method + "' is not supported");
    }
  }
}

TEST(Router, APathThatIsLongerOrShorterIsNotSupported) {
  for (const OperationRow& row : kOperations) {
    if (row.pattern.ends_with("{path}")) continue;
    const std::string path = path_of(row);
    for (const std::string& other :
         {path + "/", path + "/x/y/z", "/" + path, path.substr(1), "/x" + path}) {
      EXPECT_EQ(error_of(row.method, other).substr(0, 16), "PathNotSupported") << other;
    }
  }
}

TEST(Router, PathsOutsideTheTableAreNotSupported) {
  for (const char* path :
       {"", "/", "//", "*", "/2016-08-15", "/2016-08-15/", "/2016-08-15/Services",
        "/2021-04-06/services", "/2016-08-15//services", "/2016-08-15/services//functions",
        "/2016-08-15/services/s/functions//", "/healthz/", "/convoke/logs/s", "/{service}"})
    EXPECT_EQ(error_of("GET", path).substr(0, 16), "PathNotSupported") << path;
}

TEST(Router, NamesThatNothingCanHaveAreRefusedByName) {
  const std::string before = "/2016-08-15/services/";
  for (const std::string& service :
       {std::string("1s"), std::string("-s"), std::string("s%20t"), std::string("s%2Ft"),
        std::string("%00"), std::string("%C3%BC"), std::string(129, 's')}) {
    EXPECT_EQ(error_of("GET", before + service).find("InvalidArgument: serviceName"), 0U)
        << service;
  }
  EXPECT_EQ(error_of("GET", before + "s/functions/1f").find("InvalidArgument: functionName"), 0U);
  EXPECT_EQ(error_of("GET", before + "s/functions/f.g").find("InvalidArgument: functionName"), 0U);
  EXPECT_EQ(error_of("GET", before + "s.").find("InvalidArgument: qualifier"), 0U);
  EXPECT_EQ(error_of("GET", before + "s.a.b").find("InvalidArgument: qualifier"), 0U);
  EXPECT_EQ(error_of("GET", before + ".q").find("InvalidArgument: serviceName"), 0U);
  EXPECT_EQ(error_of("GET", before + "s%2").find("InvalidArgument: the request's target"), 0U);
}

TEST(Router, ARequestToAnHttpTriggersFunctionMayHaveAnyMethodAndAnyPathBehindIt) {
  const std::string before = "/2016-08-15/proxy/s.LATEST/f";
  for (const char* method : {"GET", "POST", "PATCH", "OPTIONS", "HEAD"}) {
    for (const char* path : {"", "/", "/a", "/a/b//c/", "/%2F"}) {
      const Result<Route> found = route(method, before + path);
      ASSERT_TRUE(found) << path;
      EXPECT_EQ(found->operation(), Operation::kHttpTrigger);
      EXPECT_EQ(found->service, "s");
      EXPECT_EQ(found->qualifier, "LATEST");
      EXPECT_EQ(found->function, "f");
      EXPECT_EQ(found->named_by, NamedBy::kPath);
    }
  }
  EXPECT_EQ(error_of("GET", "/2016-08-15/proxy/s").substr(0, 16), "PathNotSupported");
  EXPECT_EQ(error_of("GET", "/2016-08-15/proxy/s/9").find("InvalidArgument: functionName"), 0U);
}

TEST(Router, TheFunctionOfAnHttpTriggerMayBeNamedByAHeaderBesideAnyPath) {
  http::RequestHead head{"GET", "/2016-08-15/services?a=b", {}};
  EXPECT_EQ(route(head)->operation(), Operation::kListServices);
  for (const char* target :
       {"2016-08-15/proxy/s/f", "/2016-08-15/proxy/s/f", "2016-08-15/proxy/s/f/"}) {
    head.headers.set("X-Fc-Invocation-Target", target);
    const Result<Route> found = route(head);
    ASSERT_TRUE(found) << target;
    EXPECT_EQ(found->operation(), Operation::kHttpTrigger);
    EXPECT_EQ(found->service + '/' + found->function, "s/f");
    EXPECT_EQ(found->named_by, NamedBy::kHeader);
  }
  for (const char* target :
       {"", "s/f", "2016-08-15/services/s/functions/f", "2016-08-15/proxy/s"}) {
    head.headers.set("X-Fc-Invocation-Target", target);
    ASSERT_FALSE(route(head)) << target;
    EXPECT_EQ(route(head).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Router, AMessageDoesNotRepeatWhatIsNotPlain) {
  const std::string message =
      error_of("GET", std::string("/a\r\n\xff\x01") + std::string(500, 'x'));
  EXPECT_NE(message.find("'/a????xxx"), std::string::npos) << message;
  EXPECT_LT(message.size(), 300U);
}

}  // namespace
}  // namespace convoke
