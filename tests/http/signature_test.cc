// Signatures beside those that the official SDKs make: Node's (@alicloud/fc2 2.6.6, run) and Go's
// (of its own tests).
#include "core/http/signature.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <random>
#include <utility>

#include "core/http/date.h"

namespace convoke::http {
namespace {

constexpr const char* kSecret = "S9MWOBG0AOWHSO9HPASP216QOPHT5YR4NLH3A";
constexpr const char* kDate = "Fri, 27 Nov 2026 03:00:00 GMT";

using Sent = std::initializer_list<std::pair<const char*, const char*>>;

RequestHead request(const char* method, const char* target, Sent headers) {
  RequestHead head{method, target, {}};
  for (const auto& [name, value] : headers) head.headers.add(name, value);
  return head;
}

RequestHead signed_by_node(const char* method, const char* target, const char* signature) {
  return request(
      method, target,
      {{"date", kDate}, {"x-fc-account-id", "123456789012"}, {"authorization", signature}});
}

void expect_right(const RequestHead& head) {
  const auto read = read_signed(head);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->access_key_id, "akid");
  EXPECT_EQ(signature_of(read->text, kSecret), read->signature) << read->text;
}

ErrorCode refusal(const RequestHead& head) {
  const auto read = read_signed(head);
  return read ? ErrorCode::kInternalServerError : read.error().code;
}

TEST(Signature, IsThatOfTheNodeSdk) {
  expect_right(signed_by_node("GET", "/2016-08-15/services?limit=1",
                              "FC akid:f+qJlYWipjjeCqrMhrKVAD8HRmd5kTO45FQFfU1/K/Y="));
  expect_right(
      request("POST", "/2016-08-15/services/shop/functions/resize/invocations",
              {{"Date", kDate},
               {"Content-Type", "application/octet-stream"},
               {"Content-MD5", "MDk4ZjZiY2Q0NjIxZDM3M2NhZGU0ZTgzMjYyN2I0ZjY="},
               {"X-Fc-Invocation-Type", "Async"},
               {"X-Fc-Account-Id", "123456789012"},
               {"Authorization", "FC akid:sQyzqt1uuVW7/p2vqMLPuE1QsyqKFBYkefRdE2rntVQ="}}));
}

TEST(Signature, BelowProxyTheQueryIsSignedToo) {
  expect_right(signed_by_node("GET",
                              "/2016-08-15/proxy/shop/resize/a%20b?x=xyz&x=456&a=123+45&empty=",
                              "FC akid:ASrHDSZJtAwWHWNNesOfpVMlm4mmYrzeCnw7Zxsd53A="));
  expect_right(signed_by_node("GET", "/2016-08-15/proxy/shop/resize/",
                              "FC akid:kQZHObzzgcGteBJRSrYwXLI3m0wQfKwvulWBTX4cmmM="));
}

TEST(Signature, OfAUrlIsThatOfTheGoSdk) {
  const char* kPath = "/2016-08-15/proxy/service/func/?x-fc-access-key-id=akid&x-fc-expires=";
  const auto read_target = [&](const std::string& rest) {
    return read_signed(request("GET", (kPath + rest).c_str(), {}));
  };
  const auto with_token = read_target(
      "1583339600&x-fc-security-token=stsToken&x-fc-signature=Yi0jCBQ6cTZc%2BtN8wtYUz9FbYNijx5jDiE"
      "3sVNW6XwA%3D");
  ASSERT_TRUE(with_token);
  EXPECT_TRUE(with_token->by_url);
  EXPECT_EQ(with_token->time, "1583339600");
  EXPECT_EQ(with_token->security_token, "stsToken");
  EXPECT_EQ(signature_of(with_token->text, "akSec"), with_token->signature);
  const auto without =
      read_target("1583339600&x-fc-signature=6Rc4KxEAv3%2BlHpbNQWceIUqWVWq3ewxhadlJBRzZ0XQ%3D");
  EXPECT_EQ(signature_of(without->text, "akSec"), without->signature);
}

TEST(Signature, TheTextIsAsTheContractSays) {
  const auto read = read_signed(request("GET", "/2016-08-15/proxy/s/f/%C3%A9?b&a=1%202&b=",
                                        {{"date", "D"},
                                         {"X-FC-b", "2"},
                                         {"x-fc-A", "1"},
                                         {"x-fcb", "no"},
                                         {"Authorization", "FC i:s"}}));
  EXPECT_EQ(read->text,
            "GET\n\n\nD\nx-fc-a:1\nx-fc-b:2\n/2016-08-15/proxy/s/f/\xc3\xa9\na=1 2\nb\nb=");
  const auto empty = read_signed(request(
      "GET", "/x?y=z", {{"date", "D"}, {"x-fc-account-id", ""}, {"authorization", "FC i:s"}}));
  EXPECT_EQ(empty->text, "GET\n\n\nD\nx-fc-account-id:\n/x");
}

TEST(Signature, ASecondHeaderOfANameSpoilsIt) {
  RequestHead head = signed_by_node("GET", "/2016-08-15/services",
                                    "FC akid:f+qJlYWipjjeCqrMhrKVAD8HRmd5kTO45FQFfU1/K/Y=");
  head.headers.add("X-Fc-Account-Id", "2");
  const auto read = read_signed(head);
  EXPECT_NE(signature_of(read->text, kSecret), read->signature);
}

TEST(Signature, WhatIsSignedHereIsReadAsSigned) {
  RequestHead head = request("PUT", "/2016-08-15/proxy/s/f/a%2Fb?q=%41", {{"Content-Type", "x"}});
  const WallTime now = *read_date(kDate);
  sign(head, {"akid", kSecret}, now);
  EXPECT_EQ(head.headers.get("Date"), kDate);
  expect_right(head);
  const std::string target = sign_target("GET", "/a%20b?c=d+e", {"akid", kSecret, "1/t"}, now);
  expect_right(request("GET", target.c_str(), {}));
  EXPECT_EQ(read_signed(request("GET", target.c_str(), {}))->security_token, "1/t");
}

TEST(Signature, RefusesWhatIsNotSignedOrSignedOtherwise) {
  EXPECT_EQ(refusal(request("GET", "/", {{"Date", kDate}})), ErrorCode::kMissingRequiredHeader);
  EXPECT_EQ(refusal(request("GET", "/", {{"Authorization", "FC a:b"}})),
            ErrorCode::kMissingRequiredHeader);
  for (const char* other : {"", "FC", "FC ", "FC a", "Basic a:b", "fc a:b", "Bearer FC a:b",
                            "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=b,Signature=c"}) {
    EXPECT_EQ(refusal(request("GET", "/", {{"Date", kDate}, {"Authorization", other}})),
              ErrorCode::kAccessDenied)
        << other;
  }
  for (const char* target :
       {"/?x-fc-signature=s", "/?x-fc-signature=s&x-fc-access-key-id=a",
        "/?x-fc-signature=s&x-fc-expires=1",
        "/?x-fc-signature=s&x-fc-expires=1&x-fc-expires=2&x-fc-access-key-id=a"}) {
    EXPECT_EQ(refusal(request("GET", target, {})), ErrorCode::kAccessDenied) << target;
  }
  EXPECT_EQ(refusal(request("GET", "/%zz", {{"Date", kDate}, {"Authorization", "FC a:b"}})),
            ErrorCode::kInvalidArgument);
}

// No input makes it fail otherwise than by an error, and none signs itself.
TEST(Signature, OddHeadsAreReadOrRefused) {
  std::mt19937 random(1);
  const std::string_view parts[] = {"FC ",
                                    ":",
                                    "x-fc-signature",
                                    "=",
                                    "&",
                                    "?",
                                    "%",
                                    "%41",
                                    "/",
                                    "\xff",
                                    " ",
                                    "\t",
                                    "a",
                                    "x-fc-expires=1",
                                    "2016-08-15/proxy/",
                                    "x-fc-access-key-id=a",
                                    "+",
                                    "x-fc-"};
  const auto odd = [&] {
    std::string text;
    for (auto count = random() % 8; count > 0; --count) text += parts[random() % std::size(parts)];
    return text;
  };
  for (int round = 0; round < 20'000; ++round) {
    RequestHead head{"GET", "/" + odd(), {}};
    for (const char* name :
         {"Date", "Content-MD5", "X-Fc-Security-Token", "x-fc-", "Content-Type"}) {
      if (random() % 2 == 0) head.headers.add(name, odd());
    }
    if (random() % 2 == 0) head.headers.add("Authorization", "FC " + odd());
    const auto read = read_signed(head);
    if (read) {
      EXPECT_NE(signature_of(read->text, kSecret), read->signature);
    }
  }
}

TEST(Date, IsReadAsItIsWritten) {
  for (const std::int64_t second : {0LL, 784'111'777LL, 951'782'400LL, 1'795'748'400LL}) {
    const WallTime time{Seconds{second}};
    EXPECT_EQ(read_date(write_date(time)), time) << write_date(time);
  }
  EXPECT_EQ(write_date(WallTime{Seconds{784'111'777}}), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Date, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "0", "1583339600", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT",
        "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov -994 08:49:37 GMT"}) {
    EXPECT_EQ(read_date(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace convoke::http
