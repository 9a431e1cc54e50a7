#include "core/guard/egress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>

namespace convoke {
namespace {

Egress allowing(std::string_view list) {
  auto egress = Egress::parse(list);
  EXPECT_TRUE(egress) << list << ": " << (egress ? "" : egress.error().message);
  return egress ? *egress : Egress{};
}

bool may(std::string_view address, const Egress& egress = {}) {
  const auto parsed = IpAddress::parse(address);
  EXPECT_TRUE(parsed) << address;
  return parsed && egress.may_connect(*parsed);
}

std::string refusal(std::string_view list) {
  const auto egress = Egress::parse(list);
  return egress ? "accepted" : egress.error().message;
}

struct Range {
  const char* before;  // the public address just below it; nullptr: there is none
  const char* first;
  const char* last;
  const char* after;
};

// Each range's two edges, from both sides.
const std::initializer_list<Range> kRefused = {
    {nullptr, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
    {"223.255.255.255", "224.0.0.0", "239.255.255.255", nullptr},
    {nullptr, "240.0.0.0", "255.255.255.255", nullptr},
};

// Every way to write an IPv4 address into one that a packet to it ends up at.
std::string nat64(const char* v4) { return std::string("64:ff9b::") + v4; }
std::string mapped(const char* v4) { return std::string("::ffff:") + v4; }
std::string six_to_four(const char* v4) {
  std::array<std::uint8_t, 16> bytes{0x20, 0x02};
  const IpAddress address = *IpAddress::parse(v4);
  std::copy(address.bytes().begin() + 12, address.bytes().end(), bytes.begin() + 2);
  bytes[15] = 1;
  return IpAddress::v6(bytes).text();
}

TEST(Egress, Ipv4AddressesThatAreNotPublicAreRefusedToTheEdgesInEveryForm) {
  for (const Range& range : kRefused) {
    for (const char* inside : {range.first, range.last}) {
      EXPECT_FALSE(may(inside)) << inside;
      EXPECT_FALSE(may(mapped(inside))) << inside;
      EXPECT_FALSE(may(nat64(inside))) << inside;
      EXPECT_FALSE(may(six_to_four(inside))) << inside;
    }
    for (const char* outside : {range.before, range.after}) {
      if (outside == nullptr) continue;
      EXPECT_TRUE(may(outside)) << outside;
      EXPECT_TRUE(may(mapped(outside))) << outside;
      EXPECT_TRUE(may(nat64(outside))) << outside;
      EXPECT_TRUE(may(six_to_four(outside))) << outside;
    }
  }
}

TEST(Egress, EveryFirstAndSecondByteIsJudgedAsTheTableSays) {
  const auto refused = [](int a, int b) {
    return a == 0 || a == 10 || a == 127 || a >= 224 || (a == 100 && b >= 64 && b < 128) ||
           (a == 169 && b == 254) || (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168) ||
           (a == 198 && (b == 18 || b == 19));
  };
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const IpAddress address =
          IpAddress::v4({static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b), 77, 1});
      EXPECT_EQ(Egress{}.may_connect(address), !refused(a, b)) << address.text();
    }
  }
}

TEST(Egress, Ipv6AddressesThatAreNotPublicAreRefused) {
  for (const char* address : {"::",
                              "::1",
                              "::2",
                              "::127.0.0.1",
                              "::8.8.8.8",
                              "::ffff:0:127.0.0.1",
                              "100::1",
                              "64:ff9b:1::1",
                              "64:ff9b:1::8.8.8.8",
                              "1fff:ffff::1",
                              "2001::1",
                              "2001:0:4136:e378::1",
                              "2001:1ff::1",
                              "2001:db8::1",
                              "2001:db8:ffff::1",
                              "3fff::1",
                              "3fff:fff::1",
                              "4000::1",
                              "5f00::1",
                              "fbff::1",
                              "fc00::1",
                              "fd12:3456:789a::1",
                              "fdff:ffff::1",
                              "fe00::1",
                              "fe80::1",
                              "febf:ffff::1",
                              "fec0::1",
                              "feff::1",
                              "ff02::1",
                              "ff05::2",
                              "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_FALSE(may(address)) << address;
  }
}

TEST(Egress, PublicIpv6AddressesAreNot) {
  for (const char* address :
       {"2000::1", "2001:200::1", "2001:4860:4860::8888", "2001:db7:ffff::1", "2001:db9::1",
        "2003::1", "2606:4700::1111", "2a00:1450:4001::1", "3ffe::1", "3fff:1000::1"}) {
    EXPECT_TRUE(may(address)) << address;
  }
}

TEST(Egress, AnAllowListNamesExceptionsAndNothingElse) {
  const Egress egress = allowing("10.1.0.0/16, 127.0.0.1,fd00:1::/32");
  for (const char* address : {"10.1.0.0", "10.1.255.255", "127.0.0.1", "fd00:1::", "fd00:1:ffff::1",
                              "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "8.8.8.8", "2a00::1"}) {
    EXPECT_TRUE(may(address, egress)) << address;
  }
  for (const char* address :
       {"10.0.255.255", "10.2.0.0", "127.0.0.2", "fd00:2::1", "::1", "64:ff9b::10.2.0.0"}) {
    EXPECT_FALSE(may(address, egress)) << address;
  }
}

TEST(Egress, AnIpv4RangeMayBeWrittenInItsMappedForm) {
  const Egress egress = allowing("::ffff:10.0.0.0/104");
  EXPECT_TRUE(may("10.1.2.3", egress));
  EXPECT_FALSE(may("127.0.0.1", egress));
}

TEST(Egress, AllOfOneFamilyIsNotAllOfTheOther) {
  EXPECT_TRUE(may("fd00::1", allowing("::/0")));
  EXPECT_FALSE(may("10.0.0.1", allowing("::/0")));
  EXPECT_TRUE(may("10.0.0.1", allowing("0.0.0.0/0")));
  EXPECT_FALSE(may("fd00::1", allowing("0.0.0.0/0")));
  EXPECT_TRUE(may("::1", allowing("0.0.0.0/0,::/0")));
}

TEST(Egress, EveryLengthOfARangeEndsWhereItSays) {
  for (std::size_t bits = 1; bits <= IpAddress::kBits; ++bits) {
    std::array<std::uint8_t, 16> bytes{0xfd};
    const AddressRange range{IpAddress::v6(bytes).prefix(bits), bits};
    std::array<std::uint8_t, 16> other = range.first.bytes();
    other[(bits - 1) / 8] ^= static_cast<std::uint8_t>(0x80 >> ((bits - 1) % 8));
    EXPECT_TRUE(range.holds(range.first)) << bits;
    EXPECT_FALSE(range.holds(IpAddress::v6(other))) << bits;
    if (bits == IpAddress::kBits) continue;
    other = range.first.bytes();
    other[bits / 8] ^= static_cast<std::uint8_t>(0x80 >> (bits % 8));
    EXPECT_TRUE(range.holds(IpAddress::v6(other))) << bits;
  }
}

TEST(Egress, AListThatCannotBeReadSaysWhatIsWrongAndWhatIsRight) {
  EXPECT_EQ(refusal("10.0.0.1/8"),
            "'10.0.0.1/8' is no range of addresses: bits are set after its length; did you mean "
            "10.0.0.0/8?");
  EXPECT_EQ(refusal("fd00::1/8"),
            "'fd00::1/8' is no range of addresses: bits are set after its length; did you mean "
            "fd00::/8?");
  EXPECT_EQ(refusal("intranet"),
            "'intranet' is no range of addresses: write an address and a length, as in 10.1.0.0/16 "
            "or fd00::/8");
  EXPECT_EQ(refusal("10.0.0.0/33"),
            "'10.0.0.0/33' is no range of addresses: the length after '/' is a number from 0 to "
            "32");
  EXPECT_NE(refusal("::/129").find("from 0 to 128"), std::string::npos);
  for (const char* list :
       {",", "10.0.0.0/8,", ",10.0.0.0/8", "10.0.0.0/8 127.0.0.1", "10.0.0.0/", "10.0.0.0/-1",
        "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.0/+8", "10/8", "010.0.0.0/8", "0x0a.0.0.0/8",
        "[fd00::]/8", "fe80::%eth0/10", "10.0.0.0/255.0.0.0"}) {
    EXPECT_NE(refusal(list), "accepted") << list;
  }
}

TEST(Egress, AnEmptyListHasNoExceptions) {
  EXPECT_FALSE(may("127.0.0.1", allowing("")));
  EXPECT_FALSE(may("127.0.0.1", allowing("  ")));
}

TEST(Egress, TheNumberOfRangesIsBounded) {
  std::string list = "127.0.0.1";
  for (std::size_t i = 1; i < Egress::kRangesMax; ++i) list += ",127.0.0.1";
  EXPECT_EQ(refusal(list), "accepted");
  EXPECT_NE(refusal(list + ",127.0.0.1").find("at most 64"), std::string::npos);
}

}  // namespace
}  // namespace convoke
