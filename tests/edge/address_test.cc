#include <gtest/gtest.h>

#include "core/edge/wires.h"

namespace convoke {
namespace {

Address parsed(std::string_view text) {
  Result<Address> address = Address::parse(text);
  EXPECT_TRUE(address.ok()) << text;
  return address.ok() ? *address : Address{};
}

TEST(Address, EveryFormIsReadAndWrittenBackAsItWas) {
  for (const char* text : {"127.0.0.1:7070", "0.0.0.0:0", "[::1]:65535", "[::]:80", "[fe80::1]:1",
                           "unix:/run/convoke.sock", "unix:relative.sock"}) {
    EXPECT_EQ(parsed(text).text(), text);
  }
}

TEST(Address, ItsPartsAreSetApart) {
  const Address v6 = parsed("[::1]:7070");
  EXPECT_EQ(v6.kind, Address::Kind::kTcp);
  EXPECT_EQ(v6.host, "::1");
  EXPECT_EQ(v6.port, 7070);
  const Address path = parsed("unix:/a:b");
  EXPECT_EQ(path.kind, Address::Kind::kUnix);
  EXPECT_EQ(path.host, "/a:b");
}

TEST(Address, WhatIsNotNumericIsRefusedWithTheText) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "127.0.0.1"sv, "localhost:80"sv, "127.0.0.1:"sv, "127.0.0.1:65536"sv,
        "127.0.0.1:-1"sv, "127.0.0.1:+1"sv, "127.0.0.1: 1"sv, "127.0.0.1:1x"sv, "127.1:80"sv,
        "::1:80"sv, "[::1]"sv, "[127.0.0.1]:80"sv, "[::1:80"sv, "[]:80"sv, "unix:"sv,
        "127.0.0.1\0x:80"sv, "unix:/a\0b"sv, ":80"sv}) {
    const Result<Address> address = Address::parse(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(address.error().message.find(std::string(text)), std::string::npos);
  }
}

TEST(Address, AUnixPathMustFitTheSocketAddress) {
  EXPECT_TRUE(Address::parse("unix:" + std::string(107, 'p')).ok());
  EXPECT_FALSE(Address::parse("unix:" + std::string(108, 'p')).ok());
}

TEST(Address, LoopbackIsRecognisedInEveryFamily) {
  for (const char* text :
       {"127.0.0.1:1", "127.255.0.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "unix:/run/x"}) {
    EXPECT_TRUE(parsed(text).is_loopback()) << text;
  }
  for (const char* text :
       {"0.0.0.0:1", "126.0.0.1:1", "10.0.0.1:1", "[::]:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1"}) {
    EXPECT_FALSE(parsed(text).is_loopback()) << text;
  }
}

}  // namespace
}  // namespace convoke
