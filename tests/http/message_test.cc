#include "core/http/message.h"

#include <gtest/gtest.h>

namespace convoke::http {
namespace {

TEST(HttpMessage, HeadersAreFoundWithoutRegardToCaseAndTheFirstWins) {
  Headers headers;
  headers.add("X-Fc-Log-Type", "Tail");
  headers.add("x-fc-log-type", "None");
  EXPECT_EQ(headers.get("X-FC-LOG-TYPE"), "Tail");
  EXPECT_EQ(headers.find("X-Fc-Log"), nullptr);
  EXPECT_EQ(headers.get("absent"), "");
  headers.set("X-FC-log-type", "one");
  EXPECT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers.get("x-fc-log-type"), "one");
}

TEST(HttpMessage, ATargetHasAPathAndAQuery) {
  RequestHead head;
  head.target = "/a%20b?c=d?e";
  EXPECT_EQ(head.path(), "/a%20b");
  EXPECT_EQ(head.query(), "c=d?e");
  head.target = "/a";
  EXPECT_EQ(head.path(), "/a");
  EXPECT_EQ(head.query(), "");
}

TEST(HttpMessage, AnErrorResponseSaysAllThatTheContractAsks) {
  const Response response =
      error_response(Error{ErrorCode::kResourceThrottled, "full", Seconds{3}}, "id-1");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.get("X-Fc-Request-Id"), "id-1");
  EXPECT_EQ(response.headers.get("Retry-After"), "3");
  EXPECT_EQ(response.body,
            R"({"ErrorCode":"ResourceThrottled","ErrorMessage":"full","Code":"ResourceThrottled",)"
            R"("Message":"full","RequestId":"id-1"})");
}

TEST(HttpMessage, AnErrorMessageMayHoldAnyBytesAndTheBodyIsStillJson) {
  const Response response = error_response(
      Error{ErrorCode::kInvalidArgument, "\"\\\n\x01 caf\xc3\xa9 \xff\xc0\x80 \xed\xa0\x80"}, "id");
  EXPECT_NE(
      response.body.find("\\\"\\\\\\n\\u0001 caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
                         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""),
      std::string::npos)
      << response.body;
}

}  // namespace
}  // namespace convoke::http
