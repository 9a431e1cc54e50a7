// The pipelined connection against a server played by the test.
#include "queue/redis/connection.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "queue/redis/script.h"
#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

class RedisConnection : public testing::Test {
 protected:
  void connect(const PipelineLimits& limits = {}, LinkOptions options = FakeServer::options()) {
    connection_ = std::make_unique<Connection>(server_.world(), std::move(options), limits,
                                               FakeServer::rng(), owner_);
  }
  void make_ready(const PipelineLimits& limits = {}) {
    connect(limits);
    server_.welcome();
    ASSERT_TRUE(connection_->ready());
  }
  void send(const std::string& name) { connection_->send(Command(name), heard_.as(name)); }
  void end_turn() {
    if (connection_) connection_->flush();
    server_.network.flush();
  }
  void next_turn() { server_.time.turn(); }

  FakeServer server_;
  Owner owner_;
  Heard heard_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(RedisConnection, CommandsOfATurnLeaveInOneWriteAndAnswersComeInOrder) {
  make_ready();
  const std::size_t writes = server_.peer().writes();
  for (const char* name : {"A", "B", "C"}) send(name);
  EXPECT_EQ(server_.peer().received(), "");
  end_turn();
  EXPECT_EQ(server_.peer().writes(), writes + 1);
  EXPECT_EQ(server_.peer().take_received(), "*1\r\n$1\r\nA\r\n*1\r\n$1\r\nB\r\n*1\r\n$1\r\nC\r\n");
  EXPECT_EQ(heard_.take(), "");
  server_.peer().send("+a\r\n:2\r\n");
  EXPECT_EQ(heard_.take(), "A=a B=2");
  EXPECT_EQ(connection_->pending(), 1U);
  server_.peer().send("-ERR c\r\n");
  EXPECT_EQ(heard_.take(), "C=ERR c");
  EXPECT_EQ(connection_->pending_bytes(), 0U);
}

TEST_F(RedisConnection, ATurnWithoutCommandsWritesNothing) {
  make_ready();
  const std::size_t writes = server_.peer().writes();
  end_turn();
  EXPECT_EQ(server_.peer().writes(), writes);
}

TEST_F(RedisConnection, RepliesMayBeCutAtAnyByte) {
  make_ready();
  for (const char* name : {"A", "B", "C"}) send(name);
  end_turn();
  server_.peer().send_each_byte("$3\r\na\r\n\r\n:2\r\n-ERR c\r\n");
  EXPECT_EQ(heard_.take(), "A=a\r\n B=2 C=ERR c");
}

TEST_F(RedisConnection, GreetsBeforeItIsReady) {
  LinkOptions options = FakeServer::options();
  options.target.user = "carol";
  options.target.password = "pw";
  options.target.db = 3;
  options.name = "convoke-x";
  connect({}, options);
  server_.peer().accept_connection();
  EXPECT_EQ(server_.peer().take_received(),
            "*3\r\n$4\r\nAUTH\r\n$5\r\ncarol\r\n$2\r\npw\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
            "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$9\r\nconvoke-x\r\n*1\r\n$4\r\nPING\r\n");
  server_.peer().send("+OK\r\n+OK\r\n-NOPERM no setname\r\n");
  EXPECT_FALSE(connection_->ready());
  server_.peer().send("+PONG\r\n");
  EXPECT_TRUE(connection_->ready());
  EXPECT_EQ(owner_.ready, 1);
}

// What the server answers to AUTH and PING, and a word of what the operator is told.
struct Refusal {
  const char* answer;
  const char* told;
};

class RedisGreeting : public RedisConnection, public testing::WithParamInterface<Refusal> {};

TEST_P(RedisGreeting, ARefusalIsToldInWordsAndTriedAgain) {
  LinkOptions options = FakeServer::options();
  options.target.password = "s3cret";
  connect({}, options);
  server_.peer().accept_connection();
  server_.peer().send(GetParam().answer);
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_NE(owner_.troubles[0].find(GetParam().told), std::string::npos) << owner_.troubles[0];
  EXPECT_NE(owner_.troubles[0].find("redis://127.0.0.1:6379"), std::string::npos);
  EXPECT_EQ(owner_.troubles[0].find("s3cret"), std::string::npos) << owner_.troubles[0];
  EXPECT_TRUE(server_.peer().gone());
  EXPECT_EQ(owner_.ready, 0);
  server_.time.pass(kBackOffMax);
  EXPECT_GE(server_.connections(), 2U);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, RedisGreeting,
    testing::Values(
        Refusal{"-WRONGPASS invalid username-password pair\r\n", "WRONGPASS"},
        Refusal{"-NOAUTH Authentication required.\r\n", "NOAUTH"},
        Refusal{"+OK\r\n-LOADING Redis is loading the dataset in memory\r\n", "loading"},
        Refusal{"+OK\r\n-MASTERDOWN Link with MASTER is down\r\n", "replica"},
        Refusal{"-ERR max number of clients reached\r\n", "max number of clients"},
        Refusal{"-ERR unknown command 'AUTH', with args beginning with: 's3cret' \r\n", "ERR"},
        Refusal{"-s3cret\r\n", "AUTH"}, Refusal{":1\r\n", "as Redis does"},
        Refusal{"+OK\r\n+WHAT\r\n", "PING"},
        Refusal{"HTTP/1.1 400 Bad Request\r\n", "rotocol error"}));

TEST_F(RedisConnection, BeforeItIsReadyNothingIsSentAndHandlersHearItInALaterTurn) {
  connect();
  send("A");
  end_turn();
  EXPECT_EQ(heard_.take(), "");
  next_turn();
  EXPECT_EQ(heard_.take(), "A:not sent");
  server_.welcome();
  EXPECT_EQ(server_.peer().received(), "");
  EXPECT_EQ(heard_.take(), "");
}

TEST_F(RedisConnection, WhatIsRefusedInATurnIsToldAfterItsEnd) {
  connect();
  send("A");
  end_turn();
  send("B");    // in the turn in which A is told
  next_turn();  // its timers
  EXPECT_EQ(heard_.take(), "A:not sent");
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "B:not sent");
}

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

TEST_F(RedisConnection, FullIsAnAnswer) {
  make_ready({3, 1000});
  for (const char* name : {"A", "B", "C", "D"}) send(name);
  EXPECT_TRUE(connection_->full());
  EXPECT_EQ(connection_->pending(), 3U);
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "D:not sent");
  server_.peer().send("+a\r\n");
  EXPECT_FALSE(connection_->full());
  connection_->send(Command("E").arg(std::string(2000, 'e')), heard_.as("E"));
  EXPECT_TRUE(connection_->full());  // of bytes
  end_turn();
  server_.peer().send("+b\r\n+c\r\n");
  EXPECT_TRUE(connection_->full());
  server_.peer().send("+e\r\n");
  EXPECT_FALSE(connection_->full());
  EXPECT_EQ(heard_.take(), "A=a B=b C=c E=e");
}

TEST_F(RedisConnection, AHandlerMaySendAgain) {
  make_ready();
  connection_->send(Command("A"), [this](const Answer&) { send("B"); });
  end_turn();
  EXPECT_FALSE(server_.peer().take_received().empty());
  server_.peer().send("+a\r\n");
  EXPECT_EQ(server_.peer().received(), "");
  end_turn();
  EXPECT_EQ(server_.peer().received(), "*1\r\n$1\r\nB\r\n");
  server_.peer().send("+b\r\n");
  EXPECT_EQ(heard_.take(), "B=b");
}

TEST_F(RedisConnection, WhatTheOwnerSendsWhenItIsReadyGoesFirst) {
  connect();
  owner_.then = [this] { send("SETUP"); };
  server_.welcome();
  send("A");
  end_turn();
  EXPECT_EQ(server_.peer().received(), "*1\r\n$5\r\nSETUP\r\n*1\r\n$1\r\nA\r\n");
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

// ---- scripts ----

TEST_F(RedisConnection, AScriptIsCalledByItsSha1AndSentOnceIfItIsUnknown) {
  make_ready();
  const Script script("return 1");
  EXPECT_EQ(script.sha1(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  send_call(*connection_, script, script.call(1).arg("k").arg(5), heard_.as("call"));
  end_turn();
  EXPECT_EQ(server_.peer().take_received(),
            "*5\r\n$7\r\nEVALSHA\r\n$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n"
            "$1\r\n1\r\n$1\r\nk\r\n$1\r\n5\r\n");
  server_.peer().send("-NOSCRIPT No matching script.\r\n");
  end_turn();
  EXPECT_EQ(server_.peer().take_received(),
            "*5\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\n5\r\n");
  EXPECT_EQ(heard_.take(), "");
  server_.peer().send("-NOSCRIPT what?\r\n");
  EXPECT_EQ(heard_.take(), "call=NOSCRIPT what?");
}

TEST_F(RedisConnection, AScriptsCallThatIsLostIsToldOnce) {
  make_ready();
  const Script script("return 1");
  send_call(*connection_, script, script.call(0), heard_.as("a"));
  end_turn();
  server_.peer().send("-NOSCRIPT\r\n");
  server_.peer().reset();  // before the text has left
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "a:not sent");
}

}  // namespace
}  // namespace convoke::redis
