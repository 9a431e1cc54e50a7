#include "queue/redis/target.h"

#include <gtest/gtest.h>

#include <string>

namespace convoke::redis {
namespace {

Target parsed(std::string_view text) {
  auto target = Target::parse(text);
  EXPECT_TRUE(target.ok()) << text << ": " << target.error().message;
  return target.ok() ? std::move(target).value() : Target{};
}

std::string why_not(std::string_view text) {
  const auto target = Target::parse(text);
  EXPECT_FALSE(target.ok()) << text;
  return target.ok() ? "" : target.error().message;
}

TEST(RedisTarget, TcpWithEverything) {
  const Target target = parsed("redis://carol:s3cret@10.0.0.7:6380/5");
  EXPECT_EQ(target.address.kind, Address::Kind::kTcp);
  EXPECT_EQ(target.address.host, "10.0.0.7");
  EXPECT_EQ(target.address.port, 6380);
  EXPECT_EQ(target.user, "carol");
  EXPECT_EQ(target.password, "s3cret");
  EXPECT_EQ(target.db, 5U);
  EXPECT_FALSE(target.tls);
}

TEST(RedisTarget, WhatIsLeftOutHasRedisDefaults) {
  for (const std::string_view text :
       {"redis://127.0.0.1", "redis://localhost/", "redis://127.0.0.1:6379/0"}) {
    const Target target = parsed(text);
    EXPECT_EQ(target.address.text(), "127.0.0.1:6379");
    EXPECT_EQ(target.db, 0U);
    EXPECT_EQ(target.user + target.password, "");
  }
  EXPECT_EQ(parsed("redis://[::1]").address.text(), "[::1]:6379");
  EXPECT_EQ(parsed("redis://[::1]:7000/3").address.text(), "[::1]:7000");
}

TEST(RedisTarget, PasswordAloneAndPercentEncoding) {
  EXPECT_EQ(parsed("redis://:p%40ss%2fw%3A%25@127.0.0.1").password, "p@ss/w:%");
  EXPECT_EQ(parsed("redis://:p@ss/w:rd@127.0.0.1").password, "p@ss/w:rd");
  EXPECT_EQ(parsed("redis://a%20b:x@127.0.0.1").user, "a b");
  EXPECT_EQ(parsed("redis://carol@127.0.0.1").user, "carol");  // the password comes from elsewhere
}

TEST(RedisTarget, NamesAreKeptForWhoeverConnects) {
  const Target target = parsed("redis://carol:s3cret@redis-1.prod_eu.example.com:7000/2");
  EXPECT_EQ(target.name, "redis-1.prod_eu.example.com");
  EXPECT_EQ(target.host(), target.name);
  EXPECT_EQ(target.address.host, "");
  EXPECT_EQ(target.address.port, 7000);
  EXPECT_EQ(target.text(), "redis://carol@redis-1.prod_eu.example.com:7000/2");
  EXPECT_EQ(parsed("redis://redis").address.port, 6379);
  EXPECT_EQ(parsed("redis://10.example").name, "10.example");
  const Target local = parsed("redis://localhost:1");
  EXPECT_EQ(local.host(), "localhost");
  EXPECT_EQ(local.text(), "redis://localhost:1/0");
  EXPECT_EQ(parsed("redis://[::1]").host(), "::1");
}

TEST(RedisTarget, Tls) {
  const Target target = parsed("rediss://carol:s3cret@redis.example:6380/1");
  EXPECT_TRUE(target.tls);
  EXPECT_EQ(target.name, "redis.example");
  EXPECT_EQ(target.password, "s3cret");
  EXPECT_EQ(target.text(), "rediss://carol@redis.example:6380/1");
  EXPECT_FALSE(parsed("redis://redis.example").tls);
}

TEST(RedisTarget, UnixSockets) {
  EXPECT_EQ(parsed("unix:/run/redis.sock").address.host, "/run/redis.sock");
  EXPECT_EQ(parsed("unix:///run/redis.sock").address.host, "/run/redis.sock");
  EXPECT_EQ(parsed("unix:///run/redis.sock?db=7").db, 7U);
  EXPECT_EQ(parsed("unix:/run/redis.sock").address.kind, Address::Kind::kUnix);
}

TEST(RedisTarget, RefusesInWordsThatSayWhatToDo) {
  EXPECT_NE(why_not("redis://redis..example").find("the host a name"), std::string::npos);
  EXPECT_NE(why_not("http://127.0.0.1").find("redis://"), std::string::npos);
  for (const std::string_view text : {"",
                                      "redis://",
                                      "redis://:6379",
                                      "redis://127.0.0.1:0",
                                      "redis://127.0.0.1:65536",
                                      "redis://127.0.0.1:",
                                      "redis://127.0.0.1/x",
                                      "redis://127.0.0.1/-1",
                                      "redis://127.0.0.1/65536",
                                      "redis://127.0.0.1/1/2",
                                      "redis://1.2.3",
                                      "redis://1.2.3.256",
                                      "redis://.example",
                                      "redis://example.",
                                      "redis://-a.example",
                                      "redis://a-.example",
                                      "redis://a-",
                                      "redis://a b",
                                      "redis://a%20b",
                                      "redis://example:0",
                                      "rediss://",
                                      "redis://::1",
                                      "redis://:%zz@127.0.0.1",
                                      "redis://:%4@127.0.0.1",
                                      "unix:",
                                      "unix:x",
                                      "unix:/a?db=",
                                      "unix:/a?password=x",
                                      "unix://relative"}) {
    EXPECT_FALSE(why_not(text).empty()) << text;
  }
}

TEST(RedisTarget, LengthsAreLimited) {
  why_not("redis://:" + std::string(kPasswordMax + 1, 'p') + "@127.0.0.1");
  why_not("redis://" + std::string(kUserMax + 1, 'u') + ":p@127.0.0.1");
  why_not("redis://" + std::string(kHostNameMax + 1, 'h'));
  why_not("unix:/" + std::string(kTargetTextMax, 'a'));
  why_not("unix:/" + std::string(108, 'a'));
}

TEST(RedisTarget, ThePasswordIsNeverShown) {
  EXPECT_EQ(parsed("redis://carol:s3cret@127.0.0.1:1/2").text(), "redis://carol@127.0.0.1:1/2");
  EXPECT_EQ(parsed("redis://:s3cret@127.0.0.1:1").text(), "redis://127.0.0.1:1/0");
  EXPECT_EQ(parsed("unix:/a.sock?db=2").text(), "unix:/a.sock?db=2");
  for (const std::string_view text :
       {"redis://:s3cret@name..example", "redis://:s3cret%@127.0.0.1", "redis://:s3cret",
        "redis://:x/s3cret@h/x", "rediss://:s3cret@127.0.0.1:x", "redis://:a@127.0.0.1:s3cret@.",
        ":s3cret@127.0.0.1"}) {
    EXPECT_EQ(why_not(text).find("s3cret"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace convoke::redis
