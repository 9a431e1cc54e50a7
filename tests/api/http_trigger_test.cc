#include "core/api/http_trigger.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace convoke {
namespace {

class HttpTriggerWorld : public ::testing::Test {
 protected:
  HttpTriggerWorld() {
    Service service;
    service.name = "s";
    apply(ServicePut{std::make_shared<const Service>(service)});
    put_function(FunctionId{2}, "f");
    put_function(FunctionId{3}, "bare");
    Trigger trigger;
    trigger.service = "s";
    trigger.function = "f";
    trigger.function_id = FunctionId{2};
    trigger.name = "web";
    trigger.config = HttpTrigger{true, {"GET", "POST"}};
    apply(TriggerPut{std::make_shared<const Trigger>(trigger)});
  }
  void put_function(FunctionId id, const std::string& name) {
    Function function;
    function.id = id;
    function.spec.service = "s";
    function.spec.name = name;
    apply(FunctionPut{std::make_shared<const Function>(function)});
  }
  template <class What>
  void apply(What what) {
    directory.apply({directory.version() + 1, std::move(what)});
  }
  static Route to(const std::string& path) { return *route("GET", "/2016-08-15/proxy/" + path); }
  std::string refused(const std::string& path, const std::string& method) {
    const Result<HttpTarget> target = http_target(directory, to(path), method);
    return target ? "" : std::string(target.error().name()) + ": " + target.error().message;
  }
  Directory directory;
};

TEST_F(HttpTriggerWorld, ARequestFindsItsTriggerByFunctionQualifierAndMethod) {
  for (const char* path : {"s/f", "s.LATEST/f/any/path"}) {
    const Result<HttpTarget> target = http_target(directory, to(path), "POST");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->function->spec.name, "f");
    EXPECT_EQ(target->trigger->name, "web");
  }
  EXPECT_EQ(refused("s/f", "PUT"),
            "MethodNotAllowed: the http trigger 'web' does not allow the method 'PUT'");
  EXPECT_EQ(refused("s/bare", "GET"),
            "TriggerNotFound: function 'bare' in service 's' has no http trigger");
  EXPECT_EQ(refused("s/nobody", "GET").find("FunctionNotFound"), 0U);
  EXPECT_EQ(refused("s.prod/f", "GET").find("AliasNotFound"), 0U);
}

TEST_F(HttpTriggerWorld, WhatIsNotOfferedIsRefusedInWords) {
  Result<HttpTarget> target = http_target(directory, to("s/f"), "GET");
  ASSERT_TRUE(target);
  EXPECT_TRUE(check_http_call(*target));
  Function callable = *target->function;
  callable.spec.runtime = Runtime::kInProcess;
  target->function = std::make_shared<const Function>(callable);
  EXPECT_EQ(check_http_call(*target).error().code, ErrorCode::kInvalidArgument);
}

TEST(HttpOrder, OnlyAnAsynchronousRequestIsOrderedByHeadersAndNoneIsWaitedFor) {
  http::Headers headers;
  headers.add("Prefer", "wait=5");
  headers.add("X-Fc-Async-Delay", "rubbish");
  EXPECT_FALSE(http_order(headers)->asynchronous);
  headers.add("X-Fc-Invocation-Type", "async");
  EXPECT_EQ(http_order(headers).error().code, ErrorCode::kInvalidArgument);
  headers.set("X-Fc-Async-Delay", "7");
  const Result<InvocationOrder> order = http_order(headers);
  ASSERT_TRUE(order);
  EXPECT_TRUE(order->asynchronous);
  EXPECT_EQ(order->delay, Seconds{7});
  EXPECT_EQ(order->wait, std::nullopt);
}

http::RequestHead sent() {
  http::RequestHead head{"POST", "/2016-08-15/proxy/s/f/a%20b?x=1&x=2", {}};
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"Host", "h"},
           {"Accept", "a"},
           {"accept", "b"},
           {"X-FC-Request-Id", "forged"},
           {"Connection", "close"},
           {"Transfer-Encoding", "chunked"},
           {"Content-Length", "3"},
           {"Authorization", "FC key:signature"},
           {"Content-Type", "text/plain"}})
    head.headers.add(name, value);
  return head;
}

TEST_F(HttpTriggerWorld, AFunctionGetsTheClientsOwnRequestWithoutWhatIsTheEngines) {
  const http::RequestHead head = head_for_function(to("s/f/a%20b"), sent());
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/2016-08-15/proxy/s/f/a%20b?x=1&x=2");
  std::string all;
  for (const http::Header& header : head.headers) all += header.name + '=' + header.value + ' ';
  EXPECT_EQ(
      all,
      "Host=h Accept=a accept=b Content-Type=text/plain x-fc-base-path=/2016-08-15/proxy/s/f ");
  http::RequestHead bearer = sent();
  bearer.headers.set("Authorization", "Bearer token");
  EXPECT_EQ(head_for_function(to("s/f"), bearer).headers.get("authorization"), "Bearer token");
}

TEST_F(HttpTriggerWorld, WhereAHeaderNamedTheFunctionItsPathIsAll) {
  Route by_header = to("s/f");
  by_header.named_by = NamedBy::kHeader;
  const http::RequestHead head = head_for_function(by_header, sent());
  ASSERT_NE(head.headers.find("x-fc-base-path"), nullptr);
  EXPECT_EQ(*head.headers.find("x-fc-base-path"), "");
}

class HttpAnswer : public ::testing::Test {
 protected:
  HttpAnswer() {
    call_.http = std::make_shared<const HttpCall>(HttpCall{{}, true});
    auto function = std::make_shared<Function>();
    outcome_.function = function;
    outcome_.instance_id = "c-1";
  }
  void answered(int status, std::initializer_list<std::pair<const char*, const char*>> headers) {
    http::Response response;
    response.status = status;
    for (const auto& [name, value] : headers) response.headers.add(name, value);
    outcome_.reply.http = std::make_shared<const http::Response>(response);
    outcome_.reply.body = "body";
  }
  Call call_;
  Outcome outcome_;
};

TEST_F(HttpAnswer, TheFunctionsOwnStatusHeadersAndBodyPass) {
  answered(202, {{"X-Mine", "1"},
                 {"Set-Cookie", "a"},
                 {"Set-Cookie", "b"},
                 {"x-fc-status", "404"},
                 {"Server", "theirs"},
                 {"Content-Length", "4"},
                 {"Connection", "close"}});
  const http::Response response = http_answer_of(call_, outcome_);
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "body");
  std::string all;
  for (const http::Header& header : response.headers) all += header.name + ' ';
  EXPECT_EQ(all,
            "X-Mine Set-Cookie Set-Cookie X-Fc-Request-Id X-Fc-Instance-Id "
            "Content-Disposition ");
  EXPECT_EQ(response.headers.get("content-disposition"), "attachment");
}

TEST_F(HttpAnswer, OnlyTheDefaultPathMakesItAnAttachment) {
  call_.http = std::make_shared<const HttpCall>(HttpCall{{}, false});
  answered(200, {{"Content-Disposition", "attachment"}});
  EXPECT_EQ(http_answer_of(call_, outcome_).headers.find("content-disposition"), nullptr);
  answered(200, {{"Content-Disposition", "inline"}});
  EXPECT_EQ(http_answer_of(call_, outcome_).headers.get("content-disposition"), "inline");
}

TEST_F(HttpAnswer, AFunctionThatDiedOrRanTooLongIsABadGateway) {
  outcome_.kind = Outcome::Kind::kTimedOut;
  outcome_.reply.function_error = FunctionError::kUnhandled;
  outcome_.reply.body = R"({"errorMessage":"..."})";
  const http::Response response = http_answer_of(call_, outcome_);
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.body, R"({"errorMessage":"..."})");
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
}

TEST_F(HttpAnswer, TheEnginesErrorsAreAnsweredAsEverywhere) {
  outcome_.error = Error{ErrorCode::kResourceThrottled, "full"};
  const http::Response response = http_answer_of(call_, outcome_);
  EXPECT_EQ(response.status, 429);
  EXPECT_NE(response.body.find("ResourceThrottled"), std::string::npos);
}

TEST_F(HttpAnswer, WhoStoppedATreeAndWhyIsNotForAnybodyWhoAsks) {
  StoppedTree tree;
  tree.by = "ada";
  outcome_.error = tree_stopped(tree);
  const http::Response response = http_answer_of(call_, outcome_);
  EXPECT_EQ(response.status, 412);
  EXPECT_NE(response.body.find("InvocationTreeStopped"), std::string::npos);
  EXPECT_EQ(response.body.find("ada"), std::string::npos);
}

}  // namespace
}  // namespace convoke
