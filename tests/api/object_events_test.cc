#include "core/api/object_events.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace convoke {
namespace {

const std::string kOss =
    R"({"events":[{"eventName":"ObjectCreated:PutObject","eventSource":"acs:oss",
  "oss":{"bucket":{"name":"photos"},"object":{"key":"in/a b.jpg","size":5}},"region":"r"}]})";
const std::string kMinio = R"({"EventName":"s3:ObjectCreated:Put","Key":"photos/in/a+b.jpg",
  "Records":[{"eventName":"s3:ObjectCreated:Put","eventSource":"minio:s3","awsRegion":"r",
    "eventTime":"2024-01-01T00:00:00.000Z","userIdentity":{"principalId":"me"},
    "s3":{"configurationId":"Config","bucket":{"name":"photos","arn":"arn:aws:s3:::photos"},
          "object":{"key":"in%2Fa+b.jpg","size":5,"eTag":"e"}}}]})";

ObjectTrigger watching(const std::string& event, const std::string& prefix = "",
                       const std::string& suffix = "") {
  return ObjectTrigger{"photos", {event}, prefix, suffix};
}

ObjectEvent only(const std::string& body) {
  const auto events = read_object_events(body);
  EXPECT_TRUE(events) << events.error().message;
  return events && events->size() == 1 ? events->front() : ObjectEvent{};
}

TEST(ObjectEvents, AnOssEventIsHandedOnAsItCame) {
  const ObjectEvent event = only(kOss);
  EXPECT_EQ(event.name, "ObjectCreated:PutObject");
  EXPECT_EQ(event.bucket, "photos");
  EXPECT_EQ(event.key, "in/a b.jpg");
  EXPECT_NE(event.json.find(R"("eventSource":"acs:oss")"), std::string::npos);
}

TEST(ObjectEvents, AnS3EventBecomesOnesOfOssWithItsKeyDecoded) {
  const ObjectEvent event = only(kMinio);
  EXPECT_EQ(event.json,
            R"({"eventName":"ObjectCreated:PutObject","eventSource":"minio:s3",)"
            R"("eventTime":"2024-01-01T00:00:00.000Z","eventVersion":"1.0",)"
            R"("oss":{"bucket":{"arn":"arn:aws:s3:::photos","name":"photos","ownerIdentity":"",)"
            R"("virtualBucket":""},"object":{"deltaSize":5,"eTag":"e","key":"in/a b.jpg",)"
            R"("size":5},"ossSchemaVersion":"1.0","ruleId":"Config"},"region":"r",)"
            R"("requestParameters":{"sourceIPAddress":""},"responseElements":{"requestId":""},)"
            R"("userIdentity":{"principalId":"me"}})");
}

TEST(ObjectEvents, ATriggerIsSetOffByBucketNamePrefixAndSuffix) {
  const ObjectEvent event = only(kMinio);
  for (const char* name : {"oss:ObjectCreated:*", "s3:ObjectCreated:*", "s3:ObjectCreated:Put",
                           "oss:ObjectCreated:PutObject"})
    EXPECT_TRUE(sets_off(event, watching(name, "in/", ".jpg"))) << name;
  EXPECT_FALSE(sets_off(event, watching("oss:ObjectRemoved:*")));
  EXPECT_FALSE(sets_off(event, watching("s3:ObjectCreated:Post")));
  EXPECT_FALSE(sets_off(event, watching("oss:ObjectCreated:*", "out/")));
  EXPECT_FALSE(sets_off(event, watching("oss:ObjectCreated:*", "", ".png")));
  ObjectTrigger other = watching("oss:ObjectCreated:*");
  other.bucket = "others";
  EXPECT_FALSE(sets_off(event, other));
}

TEST(ObjectEvents, EachTriggerThatIsSetOffIsACallWithOneEvent) {
  BucketIndex index;
  std::uint64_t version = 0;
  const auto put = [&](std::uint64_t function, const std::string& name, TriggerConfig config) {
    Trigger trigger;
    trigger.function_id = FunctionId{function};
    trigger.name = name;
    trigger.config = std::move(config);
    index.apply({++version, TriggerPut{std::make_shared<const Trigger>(trigger)}});
  };
  put(1, "a", watching("oss:ObjectCreated:*"));
  put(1, "b", watching("oss:ObjectRemoved:*"));
  put(2, "a", watching("oss:ObjectCreated:*", "in/"));
  put(3, "web", HttpTrigger{true, {"GET"}});
  auto calls = calls_set_off({only(kOss)}, index);
  ASSERT_TRUE(calls);
  ASSERT_EQ(calls->calls.size(), 2U);
  EXPECT_EQ(calls->calls[0].event, R"({"events":[)" + only(kOss).json + "]}");
  put(1, "a", watching("oss:ObjectRemoved:*"));
  index.apply({++version, TriggerGone{FunctionId{2}, "a"}});
  EXPECT_TRUE(calls_set_off({only(kOss)}, index)->calls.empty());
  index.apply({++version, TriggerGone{FunctionId{1}, "a"}});
  index.apply({++version, TriggerGone{FunctionId{1}, "b"}});
  EXPECT_TRUE(index.of("photos").empty());
}

TEST(ObjectEvents, EventsTimesTriggersAreBoundedThoughNoneIsSetOff) {
  BucketIndex index;
  constexpr std::size_t kTriggers = 101;
  for (std::size_t i = 0; i < kTriggers; ++i) {
    Trigger trigger;
    trigger.function_id = FunctionId{i + 1};
    trigger.name = "a";
    trigger.config = watching("oss:ObjectRemoved:*");
    index.apply({i + 1, TriggerPut{std::make_shared<const Trigger>(trigger)}});
  }
  std::vector<ObjectEvent> events(kTriggerLooksMax / kTriggers, only(kOss));
  EXPECT_TRUE(calls_set_off(events, index));
  events.push_back(only(kOss));
  const auto refused = calls_set_off(events, index);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimitExceeded);
}

TEST(ObjectEvents, WhoWroteItAndWhenIsReadFromBothForms) {
  for (
      const char* body :
      {R"({"Records":[{"eventName":"s3:ObjectCreated:Put","eventTime":"2024-02-29T01:02:03.456Z",
          "userIdentity":{"principalId":"me"},"s3":{"bucket":{"name":"photos"},"object":
          {"key":"k","userMetadata":{"X-Amz-Meta-Convoke-Lineage":"token"}}}}]})",
       R"({"events":[{"eventName":"ObjectCreated:PutObject","eventTime":"2024-02-29T01:02:03.456789Z",
          "userIdentity":{"principalId":"me"},"oss":{"bucket":{"name":"photos"},"object":
          {"key":"k","userMetadata":{"x-oss-meta-convoke-lineage":"token"}}}}]})"}) {
    const ObjectEvent event = only(body);
    EXPECT_EQ(event.principal, "me");
    EXPECT_EQ(event.lineage, "token");
    ASSERT_TRUE(event.written);
    EXPECT_EQ(to_ms(*event.written), 1'709'168'523'456);
  }
}

TEST(ObjectEvents, ATimeThatIsNoneIsAsGoodAsAbsent) {
  for (const char* time : {"", "now", "2024-02-30T01:02:03Z", "2024-02-29 01:02:03Z",
                           "2024-02-29T01:02:03", "2024-02-29T0x:02:03Z"}) {
    const std::string body = std::string(R"({"events":[{"eventName":"e","eventTime":")") + time +
                             R"(","oss":{"bucket":{"name":"b"},"object":{"key":"k"}}}]})";
    EXPECT_FALSE(only(body).written) << time;
  }
}

TEST(ObjectEvents, WhatAPausedTriggerMissesIsCountedInTheAnswer) {
  EXPECT_EQ(object_events_answer({"a", "b"}, 0, "r").body, R"({"calls":["a","b"]})");
  EXPECT_EQ(object_events_answer({}, 2, "r").body, R"({"calls":[],"dropped":2})");
}

TEST(ObjectEvents, WhatIsNoNotificationIsRefused) {
  for (const char* body :
       {"", "[]", "{}", R"({"events":{}})", R"({"events":[{}]})", R"({"Records":[{"s3":{}}]})",
        R"({"events":[{"eventName":"ObjectCreated:Put","oss":{"bucket":{"name":"b"}}}]})",
        R"({"Records":[{"eventName":"e","s3":{"bucket":{"name":"b"},"object":{"key":"%"}}}]})"}) {
    const auto events = read_object_events(body);
    ASSERT_FALSE(events) << body;
    EXPECT_EQ(events.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace convoke
