#include "core/api/cloud_events.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace convoke {
namespace {

const std::string kRequired =
    R"("specversion":"1.0","id":"1","source":"/shop","type":"order.made")";

Result<std::vector<CloudEvent>> read_as(const std::string& content_type, const std::string& body,
                                        const std::vector<http::Header>& more = {}) {
  http::Headers headers;
  if (!content_type.empty()) headers.add("Content-Type", content_type);
  for (const http::Header& header : more) headers.add(header);
  return read_cloud_events(headers, body);
}

Result<std::vector<CloudEvent>> read_json(const std::string& body) {
  return read_as("application/cloudevents+json; charset=UTF-8", body);
}
Result<std::vector<CloudEvent>> read_batch(const std::string& body) {
  return read_as("application/cloudevents-batch+json", body);
}
Result<std::vector<CloudEvent>> read_binary(const std::string& content_type,
                                            const std::string& body,
                                            const std::vector<http::Header>& more = {}) {
  std::vector<http::Header> headers = {
      {"ce-specversion", "1.0"}, {"Ce-Id", "1"}, {"CE-SOURCE", "/shop"}, {"ce-type", "order.made"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return read_as(content_type, body, headers);
}

CloudEvent only(const Result<std::vector<CloudEvent>>& events) {
  EXPECT_TRUE(events) << (events ? "" : events.error().message);
  return events && events->size() == 1 ? events->front() : CloudEvent{};
}

std::string why(const Result<std::vector<CloudEvent>>& events) {
  EXPECT_FALSE(events);
  if (events) return "";
  EXPECT_EQ(events.error().code, ErrorCode::kInvalidArgument);
  return events.error().message;
}

TEST(CloudEvents, AStructuredOneIsPassedOnByteForByte) {
  const std::string text = "{ " + kRequired +
                           R"(, "subject":"eu/\u00e9", "n":7,"yes":true,"no":null,"subjects":"x",
          "data": {"a": [1.50, null, 123456789012345678901234567890, -0e+2], "b": "\ud83d\ude00"} })";
  const CloudEvent event = only(read_json(" \n" + text + "\r\n"));
  EXPECT_EQ(event.json, text);
  EXPECT_EQ(*event.find("subject"), "eu/\xc3\xa9");
  EXPECT_EQ(*event.find("n"), "7");
  EXPECT_EQ(*event.find("yes"), "true");
  EXPECT_EQ(event.find("no"), nullptr);
}

TEST(CloudEvents, DataMayBeAnyValueOrBase64ButIsReadToItsEnd) {
  for (const char* data : {R"("data":5)", R"("data":"x")", R"("data":null)", R"("data":[])",
                           R"("data_base64":"AQID")", R"("data":true)"})
    EXPECT_EQ(only(read_json('{' + kRequired + ',' + data + '}')).attributes.size(), 4U) << data;
  for (const char* data : {R"("data":tru)", R"("data":01)", R"("data":[1,])", R"("data":{"a":})",
                           R"("data":"\x")", R"("data":1.)", R"("data":-)", R"("data_base64":"A")",
                           R"("data_base64":5)", R"("data":1,"data_base64":"AQID")",
                           R"("data":1,"data":1)", R"("data":+1)", "\"data\":\"\xff\""})
    why(read_json('{' + kRequired + ',' + data + '}'));
  std::string deep(kCloudEventDepthMax, '[');
  deep.append(kCloudEventDepthMax, ']');
  EXPECT_NE(why(read_json('{' + kRequired + ",\"data\":" + deep + '}')).find("deeper"),
            std::string::npos);
}

TEST(CloudEvents, ABatchIsItsEventsInTheirOrder) {
  const std::string a = '{' + kRequired + R"(,"data":{"x":[]}})";
  const std::string b = '{' + kRequired + R"(,"data":"]"})";
  const auto events = read_batch("[ " + a + " ,\n" + b + "]");
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[0].json, a);
  EXPECT_EQ((*events)[1].json, b);
  EXPECT_TRUE(read_batch("[]")->empty());
  EXPECT_EQ(why(read_batch('[' + a + R"(,{"id":"2"}])")).find("event 1 of the batch: "), 0U);
  for (const std::string& body : {a, '[' + a, '[' + a + "]]", std::string("[1]"), std::string()})
    why(read_batch(body));
  std::string many = "[";
  for (std::size_t i = 0; i <= kCloudEventsMax; ++i) many += (i == 0 ? "" : ",") + a;
  EXPECT_NE(why(read_batch(many + ']')).find("more than 1000 events"), std::string::npos);
}

TEST(CloudEvents, ABinaryOneBecomesTheSameWithItsDataByItsType) {
  const std::string before =
      R"({"specversion":"1.0","id":"1","source":"/shop","type":"order.made")";
  const auto json = [](const std::string& type, const std::string& body) {
    return only(read_binary(type, body)).json;
  };
  EXPECT_EQ(json("application/json", R"({"n": 1.50})"),
            before + R"(,"datacontenttype":"application/json","data":{"n": 1.50}})");
  EXPECT_EQ(json("text/plain", "a\"b"),
            before + R"(,"datacontenttype":"text/plain","data":"a\"b"})");
  EXPECT_EQ(
      json("text/plain; charset=iso-8859-1", "a"),
      before + R"(,"datacontenttype":"text/plain; charset=iso-8859-1","data_base64":"YQ=="})");
  EXPECT_EQ(json("text/plain", "\xff"),
            before + R"(,"datacontenttype":"text/plain","data_base64":"/w=="})");
  EXPECT_EQ(json("", "a"), before + R"(,"data_base64":"YQ=="})");
  EXPECT_EQ(json("", ""), before + "}");
  why(read_binary("application/json", "{"));
  why(read_binary("application/json", "1,2"));
  why(read_binary("application/json", "1]+[2"));
}

TEST(CloudEvents, HeadersOfABinaryOneAreDecoded) {
  const CloudEvent event = only(read_binary(
      "", "", {{"ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80"}, {"Ce-Traceparent", "00-a"}}));
  EXPECT_EQ(*event.find("subject"), "Euro \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(*event.find("traceparent"), "00-a");
  for (const http::Header& wrong : {http::Header{"ce-subject", "%f"},
                                    {"ce-subject", "%FF"},
                                    {"ce-subject", "a%0Ab"},
                                    {"ce-subject", ""},
                                    {"ce-a_b", "x"},
                                    {"ce-", "x"},
                                    {"ce-data", "x"},
                                    {"ce-id", "2"},
                                    {"ce-datacontenttype", "text/plain"}})
    why(read_binary("", "", {wrong}));
}

TEST(CloudEvents, WhatIsNoEventIsRefusedAndSaysWhy) {
  for (const char* missing : {"id", "source", "specversion", "type"}) {
    std::string body = '{' + kRequired + '}';
    body.replace(body.find('"' + std::string(missing) + '"'), std::string(missing).size() + 2,
                 "\"other\"");
    EXPECT_NE(why(read_json(body)).find("must have the attribute " + std::string(missing)),
              std::string::npos);
  }
  for (const char* more : {R"("id":"2")", R"("subject":"")", R"("Subject":"a")", R"("a_b":"a")",
                           R"("a":1.5)", R"("a":{})", R"("a":[])", R"("":"a")", "\"a\":\"\\n\""})
    why(read_json('{' + kRequired + ',' + more + '}'));
  why(read_json('{' + kRequired + ",\"a\":\"" + std::string(kEventAttributeBytesMax + 1, 'x') +
                "\"}"));
  why(read_json('{' + kRequired + ",\"" + std::string(65, 'x') + "\":\"a\"}"));
  std::string many = '{' + kRequired;
  for (std::size_t i = 0; i <= kEventAttributesMax; ++i)
    many += ",\"a" + std::to_string(i) + "\":\"x\"";
  EXPECT_NE(why(read_json(many + '}')).find("more than 64 attributes"), std::string::npos);
  EXPECT_NE(why(read_json(R"({"specversion":"0.3","id":"1","source":"s","type":"t"})"))
                .find("allowed: 1.0, actual: '0.3'"),
            std::string::npos);
  for (const char* body : {"", "[]", "5", "{", "{}{}"}) why(read_json(body));
  why(read_as("application/json", '{' + kRequired + '}'));
  why(read_as("application/cloudevents+xml", "<a/>"));
  why(read_as("", ""));
}

// ---- triggers ----

class Triggers {
 public:
  void put(std::uint64_t function, TriggerConfig config) {
    Trigger trigger;
    trigger.function_id = FunctionId{function};
    trigger.name = "t";
    trigger.config = std::move(config);
    index.apply({++version_, TriggerPut{std::make_shared<const Trigger>(trigger)}});
  }
  void remove(std::uint64_t function) {
    index.apply({++version_, TriggerGone{FunctionId{function}, "t"}});
  }
  std::vector<std::uint64_t> set_off_by(const std::vector<CloudEvent>& events) const {
    std::vector<std::uint64_t> functions;
    const auto calls = calls_set_off(events, index);
    EXPECT_TRUE(calls);
    for (const TriggeredCall& call : *calls) functions.push_back(call.function.value);
    return functions;
  }
  EventTypeIndex index;

 private:
  std::uint64_t version_ = 0;
};

CloudEvent made(const std::string& more = "") {
  return only(read_json('{' + kRequired + more + '}'));
}

TEST(CloudEventTriggers, AllFiltersOfATriggerMustFit) {
  Triggers triggers;
  triggers.put(1, CloudEventTrigger{});
  triggers.put(2, CloudEventTrigger{{{EventMatch::kExact, "type", "order.made"}}});
  triggers.put(3, CloudEventTrigger{{{EventMatch::kPrefix, "type", "order."},
                                     {EventMatch::kSuffix, "subject", ".eu"}}});
  triggers.put(4, CloudEventTrigger{{{EventMatch::kExact, "type", "order"}}});
  triggers.put(5, ObjectTrigger{"order.made", {"oss:ObjectCreated:*"}, "", ""});
  EXPECT_EQ(triggers.set_off_by({made()}), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(triggers.set_off_by({made(R"(,"subject":"a.eu")")}),
            (std::vector<std::uint64_t>{2, 1, 3}));
  triggers.remove(1);
  triggers.put(2, CloudEventTrigger{{{EventMatch::kExact, "source", "/other"}}});
  EXPECT_EQ(triggers.set_off_by({made(), made()}), std::vector<std::uint64_t>{});
}

TEST(CloudEventTriggers, TheCallsOfADeliveryAreBounded) {
  Triggers triggers;
  for (std::uint64_t function = 1; function <= 11; ++function)
    triggers.put(function, CloudEventTrigger{});
  const auto calls = [&triggers](std::size_t events) {
    return calls_set_off(std::vector<CloudEvent>(events, made()), triggers.index);
  };
  EXPECT_EQ(calls(90)->size(), 990U);
  EXPECT_EQ(calls(91).error().code, ErrorCode::kLimitExceeded);
}

TEST(CloudEventTriggers, AHandshakeAllowsTheOriginThatAsks) {
  http::Headers headers;
  EXPECT_EQ(webhook_handshake(headers).error().code, ErrorCode::kMissingRequiredHeader);
  headers.add("WebHook-Request-Origin", "events.example.com");
  const auto answer = webhook_handshake(headers);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->headers.get("WebHook-Allowed-Origin"), "events.example.com");
  EXPECT_EQ(answer->headers.get("WebHook-Allowed-Rate"), "*");
}

}  // namespace
}  // namespace convoke
