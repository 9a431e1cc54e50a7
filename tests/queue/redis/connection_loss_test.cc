// How a connection ends, what its handlers hear of it, and when it is made again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "queue/redis/connection.h"
#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

TEST_F(RedisConnection, ALostConnectionTellsWhatMayHaveRunFromWhatCannot) {
  make_ready();
  for (const char* name : {"A", "B"}) send(name);
  end_turn();
  server_.peer().send("+a\r\n");
  server_.peer().take_nothing_more();
  for (const char* name : {"C", "D"}) send(name);
  end_turn();
  server_.peer().take(12);  // C's 11 bytes, and the first of D
  send("E");
  server_.peer().reset();
  EXPECT_FALSE(connection_->ready());
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_EQ(heard_.take(), "A=a");
  send("F");
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "B:lost C:lost D:not sent E:not sent F:not sent");
  EXPECT_EQ(connection_->pending_bytes(), 0U);
}

TEST_F(RedisConnection, AnEndFromTheServerIsALoss) {
  make_ready();
  send("A");
  end_turn();
  server_.peer().end();
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "A:lost");
  EXPECT_TRUE(server_.peer().gone());
}

TEST_F(RedisConnection, GarbageIsALossAndANewConnectionStartsClean) {
  make_ready();
  send("A");
  send("B");
  end_turn();
  server_.peer().send("+a\r\nwhat?\r\n");
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "A=a B:lost");
  server_.time.pass(kBackOffFirst);
  ASSERT_EQ(server_.connections(), 2U);
  server_.welcome();
  EXPECT_EQ(owner_.ready, 2);
  send("C");
  end_turn();
  EXPECT_EQ(server_.peer().received(), "*1\r\n$1\r\nC\r\n");
  server_.peer().send("+c\r\n");
  EXPECT_EQ(heard_.take(), "C=c");
}

TEST_F(RedisConnection, AReplyThatNobodyAskedForIsALoss) {
  make_ready();
  server_.peer().send("+hello\r\n");
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_TRUE(server_.peer().gone());
}

TEST_F(RedisConnection, AReplyToWhatHasNotLeftYetIsALoss) {
  make_ready();
  send("A");
  server_.peer().send("+a\r\n");
  EXPECT_TRUE(server_.peer().gone());
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "A:not sent");
}

TEST_F(RedisConnection, AReplyBeyondTheLimitsIsALoss) {
  LinkOptions options = FakeServer::options();
  options.replies.bytes_max = 1000;
  connect({}, options);
  server_.welcome();
  send("A");
  end_turn();
  server_.peer().send("$2000\r\n" + std::string(1100, 'x'));
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_NE(owner_.troubles[0].find("1000 bytes"), std::string::npos);
}

TEST_F(RedisConnection, SilenceWhileSomethingIsExpectedIsALoss) {
  make_ready();
  server_.time.pass(Seconds{3600});  // nothing is
  ASSERT_TRUE(connection_->ready());
  send("A");
  end_turn();
  server_.time.pass(Seconds{9});
  server_.peer().send("$3\r\n");  // a sign of life
  server_.time.pass(Seconds{9});
  send("B");
  end_turn();
  ASSERT_TRUE(connection_->ready());
  server_.time.pass(Seconds{1} + Millis{1});
  EXPECT_FALSE(connection_->ready());
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_NE(owner_.troubles[0].find("10000 ms"), std::string::npos);
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "A:lost B:lost");
}

TEST_F(RedisConnection, AConnectionThatIsNeverMadeIsGivenUp) {
  connect();
  server_.time.pass(Seconds{10} + Millis{1});
  EXPECT_EQ(owner_.troubles.size(), 1U);
  server_.time.pass(kBackOffFirst);
  ASSERT_EQ(server_.connections(), 2U);
  server_.peer().accept_connection();
  server_.peer().send("+PO");
  server_.time.pass(Seconds{10} + Millis{1});
  EXPECT_EQ(owner_.troubles.size(), 2U);
}

TEST_F(RedisConnection, DestroyingItDropsItsHandlers) {
  make_ready();
  send("A");
  end_turn();
  send("B");
  connection_.reset();
  EXPECT_TRUE(server_.peer().gone());
  next_turn();
  server_.time.pass(Seconds{60});
  EXPECT_EQ(heard_.take(), "");
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(RedisConnection, MayBeDestroyedByAHandlerWhichStillHasItsReply) {
  make_ready();
  std::string text;
  connection_->send(Command("A"), [&](const Answer& answer) {
    connection_.reset();
    text = answer.reply[0].text();
  });
  send("B");
  end_turn();
  server_.peer().send("*1\r\n$1\r\na\r\n+b\r\n");
  EXPECT_EQ(text, "a");
  EXPECT_EQ(heard_.take(), "");
  EXPECT_TRUE(server_.peer().gone());
}

TEST_F(RedisConnection, MayBeDestroyedByAHandlerThatHearsOfALoss) {
  make_ready();
  connection_->send(Command("A"), [&](const Answer&) { connection_.reset(); });
  send("B");
  end_turn();
  server_.peer().reset();
  end_turn();
  next_turn();
  EXPECT_EQ(connection_, nullptr);
  EXPECT_EQ(heard_.take(), "");
}

TEST_F(RedisConnection, MayBeDestroyedByItsOwnersCallbacks) {
  connect();
  owner_.then = [this] { connection_.reset(); };
  server_.welcome();
  EXPECT_TRUE(server_.peer().gone());
  for (const bool by_silence : {false, true}) {
    owner_.then = nullptr;
    make_ready();
    send("A");
    end_turn();
    owner_.then = [this] { connection_.reset(); };
    by_silence ? server_.time.pass(Seconds{11}) : server_.peer().reset();
    EXPECT_EQ(connection_, nullptr);
  }
  EXPECT_EQ(heard_.take(), "");
}

TEST_F(RedisConnection, BacksOffLongerEachTimeWithJitterAndAnewOnceItWasReady) {
  connect();
  Millis whole = kBackOffFirst;
  for (int failure = 0; failure < 12; ++failure) {
    const std::size_t before = server_.connections();
    server_.peer().reset("refused");
    server_.time.pass(whole / 2 - Millis{1});
    EXPECT_EQ(server_.connections(), before) << failure;
    server_.time.pass(whole - whole / 2 + Millis{2});
    EXPECT_EQ(server_.connections(), before + 1) << failure;
    whole = std::min(2 * whole, kBackOffMax);
  }
  EXPECT_EQ(owner_.troubles.size(), 12U);
  server_.welcome();
  server_.peer().reset();
  server_.time.pass(kBackOffFirst + Millis{1});
  EXPECT_EQ(server_.connections(), 14U);
}

TEST(RedisBackOff, StaysBetweenHalfAndTheWhole) {
  Rng rng = Rng::seeded(1);
  for (std::uint32_t failures = 1; failures < 1'000'000; failures = failures * 3 / 2 + 1) {
    const Millis delay = back_off(failures, rng);
    EXPECT_GE(delay, kBackOffFirst / 2);
    EXPECT_LE(delay, kBackOffMax);
  }
}

}  // namespace
}  // namespace convoke::redis
