#include "queue/redis/slot_map.h"

#include <gtest/gtest.h>

#include <string>

#include "queue/redis/reply_reader.h"

namespace convoke::redis {
namespace {

const Address kAsked{Address::Kind::kTcp, "10.0.0.1", 7000};

class SlotMapOf {
 public:
  explicit SlotMapOf(const std::string& bytes) {
    reader_.feed(bytes);
    EXPECT_EQ(reader_.advance(), ReplyReader::Step::kReply);
  }
  [[nodiscard]] Result<SlotMap> parsed(const Address& asked = kAsked) const {
    return parse_slots(reader_.reply(), asked);
  }
  [[nodiscard]] std::string refused() const {
    const auto map = parsed();
    return map ? "taken" : map.error().message;
  }

 private:
  ReplyReader reader_{ReplyLimits{}};
};

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}
std::string integer(std::int64_t number) { return ":" + std::to_string(number) + "\r\n"; }
std::string node(const std::string& host, std::int64_t port) {
  return "*4\r\n" + bulk(host) + integer(port) + bulk("id") + "*0\r\n";
}
std::string range(std::int64_t first, std::int64_t last, const std::string& master) {
  return "*4\r\n" + integer(first) + integer(last) + master + node("10.9.9.9", 1);
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST(SlotMap, SaysWhichMasterHasWhichSlot) {
  const auto map =
      SlotMapOf("*3\r\n" + range(0, 5000, node("10.0.0.1", 7000)) +
                range(5001, 16383, node("::1", 7001)) + range(77, 77, node("10.0.0.1", 7000)))
          .parsed();
  ASSERT_TRUE(map.ok());
  ASSERT_EQ(map->masters.size(), 2U);
  EXPECT_EQ(map->masters[0].text(), "10.0.0.1:7000");
  EXPECT_EQ(map->masters[1].host, "::1");
  EXPECT_EQ(map->owners[0], 0);
  EXPECT_EQ(map->owners[5000], 0);
  EXPECT_EQ(map->owners[5001], 1);
  EXPECT_EQ(map->owners[16383], 1);
  EXPECT_EQ(map->uncovered(), 0U);
}

TEST(SlotMap, CountsTheSlotsThatNobodyHas) {
  const auto map = SlotMapOf("*1\r\n" + range(1, 16383, node("10.0.0.1", 7000))).parsed();
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->uncovered(), 1U);
  EXPECT_EQ(SlotMapOf("*0\r\n").parsed()->uncovered(), kSlots);
}

TEST(SlotMap, ANodeWithoutAHostIsOnTheHostThatWasAsked) {
  const SlotMapOf reply("*1\r\n" + range(0, 9, node("", 7005)));
  EXPECT_EQ(reply.parsed()->masters[0].text(), "10.0.0.1:7005");
  const Address socket{Address::Kind::kUnix, "/redis.sock", 0};
  EXPECT_EQ(reply.parsed(socket)->masters[0].text(), "127.0.0.1:7005");
  const SlotMapOf nil("*1\r\n*3\r\n:0\r\n:9\r\n*3\r\n$-1\r\n:7005\r\n" + bulk("id"));
  EXPECT_EQ(nil.parsed()->masters[0].text(), "10.0.0.1:7005");
}

TEST(SlotMap, WhatCannotBeIsRefusedInWords) {
  EXPECT_TRUE(has(SlotMapOf("-ERR This instance has cluster support disabled\r\n").refused(),
                  "cluster support disabled"));
  EXPECT_TRUE(has(SlotMapOf("+OK\r\n").refused(), "no list of slots"));
  EXPECT_TRUE(has(SlotMapOf("*1\r\n:1\r\n").refused(), "a range of slots that is none"));
  const std::string somebody = node("10.0.0.1", 7000);
  for (const auto& [first, last] : {std::pair{5, 4}, {-1, 4}, {0, 16384}, {16384, 16384}}) {
    EXPECT_TRUE(has(SlotMapOf("*1\r\n" + range(first, last, somebody)).refused(), "that is none"))
        << first << " " << last;
  }
  EXPECT_TRUE(has(SlotMapOf("*1\r\n" + range(0, 1, bulk("10.0.0.1"))).refused(), "that is none"));
  const auto twice =
      SlotMapOf("*2\r\n" + range(0, 9, somebody) + range(9, 9, node("10.0.0.2", 7000)));
  EXPECT_TRUE(has(twice.refused(), "slot 9 has two masters"));
}

TEST(SlotMap, AMasterWithoutAnAddressIsRefusedAndItsNameShownSafely) {
  for (const char* host : {"redis-1.example", "?", "10.0.0", "unix:/x", "1.2.3.4:5"}) {
    EXPECT_TRUE(has(SlotMapOf("*1\r\n" + range(0, 1, node(host, 7000))).refused(), "no address"))
        << host;
  }
  for (const std::int64_t port : {0, -1, 65536}) {
    EXPECT_NE(SlotMapOf("*1\r\n" + range(0, 1, node("10.0.0.1", port))).refused(), "taken") << port;
  }
  const std::string said = SlotMapOf("*1\r\n" + range(0, 1, node("a\nb\x1b[2J", 7000))).refused();
  EXPECT_TRUE(has(said, "a?b?[2J")) << said;
}

TEST(SlotMap, MoreMastersThanAClusterCanHaveAreRefused) {
  std::string all = "*" + std::to_string(kMastersMax + 1) + "\r\n";
  for (std::size_t i = 0; i <= kMastersMax; ++i) {
    const auto slot = static_cast<std::int64_t>(i);
    all += range(slot, slot, node("10.0.0.1", 7000 + slot));
  }
  EXPECT_TRUE(has(SlotMapOf(all).refused(), "more than 1000 masters"));
}

TEST(Redirection, SaysWhichSlotIsWhereAndForHowLong) {
  const auto moved = parse_redirection("MOVED 3999 127.0.0.1:6381", kAsked);
  ASSERT_TRUE(moved);
  EXPECT_FALSE(moved->once);
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->to.text(), "127.0.0.1:6381");
  const auto ask = parse_redirection("ASK 16383 ::1:6381", kAsked);
  ASSERT_TRUE(ask);
  EXPECT_TRUE(ask->once);
  EXPECT_EQ(ask->to.host, "::1");
  EXPECT_EQ(parse_redirection("MOVED 1 :6381", kAsked)->to.text(), "10.0.0.1:6381");
}

TEST(Redirection, ThatCannotBeFollowedIsNone) {
  for (const char* text : {"", "MOVED", "MOVED ", "MOVED 3999", "MOVED 3999 127.0.0.1",
                           "MOVED 16384 127.0.0.1:1", "MOVED -1 127.0.0.1:1", "MOVED x 127.0.0.1:1",
                           "MOVED 1 127.0.0.1:0", "MOVED 1 127.0.0.1:65536", "MOVED 1 host:1",
                           "MOVED 1 ?:1", "MOVED 127.0.0.1:1", "MOVED 1 127.0.0.1:1x",
                           "ERR MOVED 1 127.0.0.1:1", "MOVED 1 unix:/x:1", "moved 1 1.1.1.1:1"}) {
    EXPECT_FALSE(parse_redirection(text, kAsked)) << text;
  }
}

}  // namespace
}  // namespace convoke::redis
