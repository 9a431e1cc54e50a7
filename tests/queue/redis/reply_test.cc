#include "queue/redis/reply.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "queue/redis/reply_reader.h"

namespace convoke::redis {
namespace {

using Step = ReplyReader::Step;
using Kind = Reply::Kind;

// A reader that has read one reply from these bytes.
struct Read {
  explicit Read(std::string_view bytes, const ReplyLimits& limits = {}) : reader(limits) {
    reader.feed(bytes);
    step = reader.advance();
  }
  Reply operator*() const { return reader.reply(); }
  ReplyReader reader;
  Step step;
};

// Kind, bytes and elements, all the way down.
std::string shown(const Reply& reply) {
  switch (reply.kind()) {
    case Kind::kNil:
      return "nil";
    case Kind::kStatus:
      return "+" + std::string(reply.text());
    case Kind::kError:
      return "-" + std::string(reply.text());
    case Kind::kInteger:
      return ":" + std::to_string(*reply.integer());
    case Kind::kBulk:
      return "'" + std::string(reply.text()) + "'";
    case Kind::kArray:
      break;
  }
  std::string text = "[";
  for (std::size_t i = 0; i < reply.size(); ++i) text += (i == 0 ? "" : " ") + shown(reply[i]);
  return text + "]";
}

TEST(RedisReply, EveryKind) {
  EXPECT_EQ(shown(*Read("+OK\r\n")), "+OK");
  EXPECT_EQ(shown(*Read("-ERR no\r\n")), "-ERR no");
  EXPECT_EQ(shown(*Read(":-9223372036854775808\r\n")), ":-9223372036854775808");
  EXPECT_EQ(shown(*Read("$4\r\na\r\nb\r\n")), "'a\r\nb'");
  EXPECT_EQ(shown(*Read("$0\r\n\r\n")), "''");
  EXPECT_EQ(shown(*Read("$-1\r\n")), "nil");
  EXPECT_EQ(shown(*Read("*-1\r\n")), "nil");
  EXPECT_EQ(shown(*Read("*0\r\n")), "[]");
  EXPECT_EQ(shown(*Read("*2\r\n:1\r\n$-1\r\n")), "[:1 nil]");
}

TEST(RedisReply, ElementsOfElementsStandInTheirPlaces) {
  const Read read("*3\r\n*2\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n*0\r\n*2\r\n$1\r\nc\r\n-E x\r\n");
  EXPECT_EQ(shown(*read), "[['a' ['b']] [] ['c' -E x]]");
  EXPECT_EQ((*read)[0][1][0].text(), "b");
  EXPECT_TRUE((*read)[2][1].is_error("E"));
}

TEST(RedisReply, CutAtEveryByteItIsTheSame) {
  const std::string bytes =
      "*3\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\ne\r\n$5\r\nev\r\nt\r\n:12\r\n$-1\r\n+OK\r\n-ERR\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ReplyReader reader(ReplyLimits{});
    std::string all;
    for (const std::string_view part :
         {std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)}) {
      reader.feed(part);
      while (reader.advance() == Step::kReply) all += shown(reader.reply()) + " ";
    }
    EXPECT_EQ(all, "[['1-0' ['e' 'ev\r\nt']] :12 nil] +OK -ERR ") << cut;
  }
}

TEST(RedisReply, AnAccessorThatDoesNotFitGivesNothing) {
  const Read array("*1\r\n:1\r\n");
  EXPECT_EQ((*array).text(), "");
  EXPECT_EQ((*array).integer(), std::nullopt);
  EXPECT_TRUE((*array)[1].is_nil());
  EXPECT_TRUE((*array)[std::numeric_limits<std::size_t>::max()].is_nil());
  EXPECT_TRUE((*array)[0][0][7].is_nil());
  const Read text("+OK\r\n");
  EXPECT_EQ((*text).size(), 0U);
  EXPECT_EQ((*text).integer(), std::nullopt);
  EXPECT_FALSE((*text).is_error("OK"));
  const Reply nil;
  EXPECT_EQ(nil.text(), "");
  EXPECT_EQ(nil.size(), 0U);
  EXPECT_TRUE(nil[0].is_nil());
  EXPECT_FALSE(nil.is_error("ERR"));
}

TEST(RedisReply, AnErrorIsKnownByItsFirstWord) {
  const Read moved("-MOVED 3999 127.0.0.1:6381\r\n");
  EXPECT_TRUE((*moved).is_error("MOVED"));
  EXPECT_FALSE((*moved).is_error("MOV"));
  EXPECT_FALSE((*moved).is_error("MOVED 3999"));
  EXPECT_TRUE((*Read("-NOSCRIPT\r\n")).is_error("NOSCRIPT"));
  EXPECT_FALSE((*Read("+MOVED x\r\n")).is_error("MOVED"));
}

TEST(RedisReply, ANumberInABulkStringIsOneIfItIsOneWhole) {
  EXPECT_EQ((*Read("$3\r\n-12\r\n")).integer(), -12);
  EXPECT_EQ((*Read("$3\r\n12a\r\n")).integer(), std::nullopt);
  EXPECT_EQ((*Read("$3\r\n 12\r\n")).integer(), std::nullopt);
  EXPECT_EQ((*Read("$0\r\n\r\n")).integer(), std::nullopt);
  EXPECT_EQ((*Read("$19\r\n9223372036854775808\r\n")).integer(), std::nullopt);
}

TEST(RedisReply, WhatIsNoRespBreaksTheReaderForGood) {
  for (const std::string_view bytes :
       {"HTTP/1.1 400 Bad Request\r\n", ":x\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n", "*x\r\n", "\r\n",
        "%1\r\n", "*1\r\n!\r\n", "*99999999999\r\n", "$99999999999999999999\r\n"}) {
    Read read(bytes);
    EXPECT_EQ(read.step, Step::kBroken) << bytes;
    EXPECT_FALSE(read.reader.error().empty());
    read.reader.feed("+OK\r\n");
    EXPECT_EQ(read.reader.advance(), Step::kBroken) << bytes;
  }
}

TEST(RedisReply, NestedDeeperThanHiredisGoesBreaksIt) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes += "*1\r\n";
  EXPECT_EQ(Read(bytes + ":1\r\n").step, Step::kBroken);
}

TEST(RedisReply, LimitsHoldBeforeMemoryIsTaken) {
  const ReplyLimits limits{100, 10};
  EXPECT_EQ(Read("*9\r\n", limits).step, Step::kNeedMore);
  EXPECT_EQ(Read("*10\r\n", limits).step, Step::kBroken);
  EXPECT_EQ(Read("*2147483647\r\n", limits).step, Step::kBroken);
  EXPECT_EQ(Read("*3\r\n*3\r\n*3\r\n*1\r\n", limits).step, Step::kBroken);
  EXPECT_EQ(Read("$100\r\n" + std::string(90, 'x'), limits).step, Step::kNeedMore);
  EXPECT_EQ(Read("$4000000000\r\n" + std::string(100, 'x'), limits).step, Step::kBroken);
  EXPECT_EQ(Read("+" + std::string(101, 'x'), limits).step,
            Step::kBroken);  // a line without an end
  EXPECT_EQ(
      Read("*2\r\n$60\r\n" + std::string(60, 'x') + "\r\n$60\r\n" + std::string(60, 'y') + "\r\n",
           limits)
          .step,
      Step::kBroken);
}

TEST(RedisReply, ManyRepliesOfOneFeedAreEachThere) {
  ReplyReader reader(ReplyLimits{});
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += "*2\r\n:" + std::to_string(i) + "\r\n$3\r\nabc\r\n";
  reader.feed(bytes);
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_EQ(reader.advance(), Step::kReply);
    ASSERT_EQ(reader.reply()[0].integer(), i);
    ASSERT_EQ(reader.reply()[1].text(), "abc");
  }
  EXPECT_EQ(reader.advance(), Step::kNeedMore);
}

TEST(RedisReply, ALargeOneIsWhole) {
  ReplyReader reader(ReplyLimits{});
  const std::string event(5UL << 20, 'e');
  const std::string bytes =
      "*1\r\n$" + std::to_string(event.size()) + "\r\n" + event + "\r\n:7\r\n";
  for (std::size_t at = 0; at < bytes.size(); at += 65'536) {
    EXPECT_EQ(reader.advance(), Step::kNeedMore);
    reader.feed(std::string_view(bytes).substr(at, 65'536));
  }
  ASSERT_EQ(reader.advance(), Step::kReply);
  EXPECT_TRUE(reader.reply()[0].text() == event);
  ASSERT_EQ(reader.advance(), Step::kReply);
  EXPECT_EQ(reader.reply().integer(), 7);
}

}  // namespace
}  // namespace convoke::redis
