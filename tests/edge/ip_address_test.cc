#include "core/edge/ip_address.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

std::string respelt(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->text() : "none";
}

TEST(IpAddress, IsReadInItsUsualSpellingsAlone) {
  EXPECT_EQ(respelt("192.168.0.1"), "192.168.0.1");
  EXPECT_EQ(respelt("FE80:0::0001"), "fe80::1");
  // The same loopback address, to programs that are less strict.
  for (const char* odd : {"127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.1.",
                          " 127.0.0.1", "[::1]", "::1%lo", "", "127.0.0.1/8", "localhost"}) {
    EXPECT_EQ(respelt(odd), "none") << odd;
  }
  EXPECT_EQ(respelt(std::string_view("127.0.0.1\0", 10)), "none");
}

TEST(IpAddress, AMappedAddressIsTheIpv4AddressItself) {
  const auto mapped = IpAddress::parse("::ffff:10.1.2.3");
  ASSERT_TRUE(mapped);
  EXPECT_EQ(*mapped, IpAddress::v4({10, 1, 2, 3}));
  EXPECT_TRUE(mapped->is_v4());
  EXPECT_EQ(mapped->text(), "10.1.2.3");
  EXPECT_FALSE(IpAddress::parse("::10.1.2.3")->is_v4()) << "compatible, not mapped";
}

TEST(IpAddress, PrefixesAgreeUpToTheBitWhereTheyDiffer) {
  for (std::size_t bit = 0; bit < IpAddress::kBits; ++bit) {
    std::array<std::uint8_t, 16> bytes{};
    bytes[bit / 8] = static_cast<std::uint8_t>(0x80 >> (bit % 8));
    const IpAddress one = IpAddress::v6(bytes);
    EXPECT_TRUE(one.starts_as({}, bit)) << bit;
    EXPECT_FALSE(one.starts_as({}, bit + 1)) << bit;
    EXPECT_EQ(one.prefix(bit), IpAddress{}) << bit;
    EXPECT_EQ(one.prefix(bit + 1), one) << bit;
  }
}

TEST(IpAddress, CarriesAnIpv4Address) {
  EXPECT_EQ(IpAddress::parse("2002:0a01:0203::")->embedded_v4(2).text(), "10.1.2.3");
}

}  // namespace
}  // namespace convoke
