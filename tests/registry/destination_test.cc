#include "core/registry/destination.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

using Scheme = UrlDestination::Scheme;

std::string error_of(std::string_view text) {
  const Result<Destination> parsed = parse_destination("onSuccess", text);
  return parsed ? "" : parsed.error().message;
}

FunctionDestination function(std::string_view text) {
  const Result<Destination> parsed = parse_destination("onSuccess", text);
  EXPECT_TRUE(parsed) << error_of(text);
  return parsed ? std::get<FunctionDestination>(parsed->to) : FunctionDestination{};
}

UrlDestination url(std::string_view text) {
  const Result<Destination> parsed = parse_destination("onSuccess", text);
  EXPECT_TRUE(parsed) << error_of(text);
  return parsed ? std::get<UrlDestination>(parsed->to) : UrlDestination{};
}

TEST(Destination, AFunctionIsNamedByItsArn) {
  const FunctionDestination plain{"s", "", "f"};
  EXPECT_EQ(function("acs:fc:::services/s/functions/f"), plain);
  EXPECT_EQ(function("acs:fc:cn-hangzhou:123456789012:services/s/functions/f"), plain);
  EXPECT_EQ(function("acs:fc::1:services/s.prod/functions/f_2"),
            (FunctionDestination{"s", "prod", "f_2"}));
  EXPECT_EQ(function("acs:fc:::services/s.LATEST/functions/f").qualifier, "LATEST");
}

TEST(Destination, AnArnThatNamesNoFunctionIsRefused) {
  for (const char* text :
       {"acs:fc:", "acs:fc:::", "acs:fc:::services/s", "acs:fc:::services/s/functions/",
        "acs:fc:::services//functions/f", "acs:fc:::services/s./functions/f",
        "acs:fc:::services/s/functions/f/", "acs:fc:::services/s/functions/f/g",
        "acs:fc:::service/s/functions/f", "acs:fc:::functions/f", "acs:fc:::services/s/function/f",
        "acs:fc::services/s/functions/f", "acs:fc:r/x:1:services/s/functions/f",
        "acs:fc:::services/9/functions/f", "acs:fc:::services/s.a.b/functions/f",
        "acs:fc:::services/s/functions/f.g", "acs:fc:::services/s t/functions/f",
        "Acs:fc:::services/s/functions/f", " acs:fc:::services/s/functions/f"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(Destination, AUrlIsReadIntoItsParts) {
  EXPECT_EQ(url("http://example.com"), (UrlDestination{Scheme::kHttp, "example.com", 80, "/"}));
  EXPECT_EQ(url("https://example.com/"), (UrlDestination{Scheme::kHttps, "example.com", 443, "/"}));
  EXPECT_EQ(url("http://127.0.0.1:8080/a/b?c=d:e@f&g=/"),
            (UrlDestination{Scheme::kHttp, "127.0.0.1", 8080, "/a/b?c=d:e@f&g=/"}));
  EXPECT_EQ(url("https://h?x=1"), (UrlDestination{Scheme::kHttps, "h", 443, "/?x=1"}));
  EXPECT_EQ(url("http://[::1]:9/x"), (UrlDestination{Scheme::kHttp, "::1", 9, "/x"}));
  EXPECT_EQ(url("http://[2001:db8::1]").port, 80);
  EXPECT_EQ(url("http://a_b-c.d/%20").target, "/%20");
}

TEST(Destination, AUrlThatNobodyCouldCallIsRefused) {
  for (const char* text : {"http://",
                           "https:///path",
                           "http://:80/",
                           "http://?x",
                           "http://h:",
                           "http://h:0",
                           "http://h:65536",
                           "http://h:8o",
                           "http://h:-1",
                           "http://h:80:80",
                           "http://[::1",
                           "http://[]/",
                           "http://[::1]x",
                           "http://[host]/",
                           "http://a b/",
                           "http://h/a b",
                           "http://h/\n",
                           "http://h/\xc3\xbc",
                           "http://h/#there",
                           "http://h\\x/",
                           "http://h%2f/",
                           "http:/h",
                           "http:h",
                           "ftp://h/",
                           "//h/",
                           "h",
                           ""}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(Destination, AUrlCarriesNoPassword) {
  for (const char* text : {"http://user:secret@host/", "http://user@host/", "https://@host/"})
    EXPECT_NE(error_of(text).find("a user or a password"), std::string::npos) << error_of(text);
}

TEST(Destination, WhatTheOriginalOffersBesideIsRefusedWithTheKindsThereAre) {
  for (const char* text :
       {"acs:mns:cn-hangzhou:1:/queues/q/messages", "acs:mns:::/topics/t/messages",
        "acs:eventbridge:cn-hangzhou:1:eventbus/b/", "acs:mq:cn-hangzhou:1:/instances/i/topics/t"})
    EXPECT_EQ(error_of(text),
              "onSuccess is set to an invalid value: this engine has no such destination (allowed: "
              "a function, acs:fc:REGION:ACCOUNT:services/SERVICE[.QUALIFIER]/functions/FUNCTION, "
              "or a URL, http://... or https://...; actual: '" +
                  std::string(text) + "')");
}

TEST(Destination, TheTextIsKeptAsWrittenAndBounded) {
  const std::string longest = "http://h/" + std::string(kDestinationBytesMax - 9, 'x');
  const Result<Destination> parsed = parse_destination("onSuccess", longest);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text, longest);
  EXPECT_NE(error_of(longest + "x").find("more than 2048 bytes"), std::string::npos);
  EXPECT_LT(error_of(longest + "x").size(), 500U);
}

}  // namespace
}  // namespace convoke
