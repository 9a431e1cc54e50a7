// The pipelined connection against a server played by the test.
#include "queue/redis/connection.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

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

TEST_F(RedisConnection, WhoFlushesInEachTurnPutsNoAnswerOff) {
  struct Flusher {
    Connection& connection;
    TimerWheel& wheel;
    void flush() {
      wheel.schedule(timer, Instant{});  // before what the flush may schedule
      connection.flush();
    }
    Timer timer = timer_for<&Flusher::flush>(this);
  };
  connect();
  Flusher flusher{*connection_, server_.time.wheel};
  flusher.flush();
  send("A");
  end_turn();
  send("B");
  next_turn();
  EXPECT_EQ(heard_.take(), "A:not sent");
  next_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "B:not sent");
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

}  // namespace
}  // namespace convoke::redis
