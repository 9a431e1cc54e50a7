// Commands that are executed together, on a connection.
#include "queue/redis/transaction.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

class RedisTransaction : public RedisConnection {
 protected:
  void send_both(const std::string& name) {
    Transaction both;
    both.add(Command("A")).add(Command("B").arg("b"));
    connection_->send_together(both, [this, name](const Answer& answer) {
      heard_.as(name)(answer);
      replies_ = answer.reply.size();
      second_ = answer.reply[1].text();
    });
  }

  static constexpr const char* kBoth =
      "*1\r\n$5\r\nMULTI\r\n*1\r\n$1\r\nA\r\n*2\r\n$1\r\nB\r\n$1\r\nb\r\n*1\r\n$4\r\nEXEC\r\n";
  std::size_t replies_ = 0;
  std::string second_;
};

TEST_F(RedisTransaction, HasOneAnswerBehindThoseOfItsCommands) {
  make_ready();
  send_both("both");
  send("C");
  end_turn();
  EXPECT_EQ(server_.peer().take_received(), std::string(kBoth) + "*1\r\n$1\r\nC\r\n");
  server_.peer().send("+OK\r\n+QUEUED\r\n+QUEUED\r\n");
  EXPECT_EQ(heard_.take(), "");
  server_.peer().send("*2\r\n:1\r\n$2\r\nbb\r\n+c\r\n");
  EXPECT_EQ(heard_.take(), "both= C=c");
  EXPECT_EQ(replies_, 2U);
  EXPECT_EQ(second_, "bb");
  EXPECT_EQ(connection_->pending_bytes(), 0U);
}

TEST_F(RedisTransaction, ThatWasRefusedSaysSo) {
  make_ready();
  send_both("both");
  end_turn();
  server_.peer().send("+OK\r\n-OOM no\r\n+QUEUED\r\n-EXECABORT because\r\n");
  EXPECT_EQ(heard_.take(), "both=EXECABORT because");
}

TEST_F(RedisTransaction, IsNotSentAgainToAServerThatDoesNotTakeOne) {
  make_ready();
  ASSERT_TRUE(connection_->together());
  send_both("both");
  end_turn();
  server_.peer().send("-NOPERM no\r\n+a\r\n:1\r\n-ERR EXEC without MULTI\r\n");
  EXPECT_EQ(heard_.take(), "both=ERR EXEC without MULTI");
  EXPECT_FALSE(connection_->together());
}

TEST_F(RedisTransaction, ThatWasNotReadToItsEndWasNotExecuted) {
  make_ready();
  server_.peer().take_nothing_more();
  send_both("both");
  end_turn();
  server_.peer().take(std::string(kBoth).size() - 1);
  server_.peer().reset();
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "both:not sent");
}

TEST_F(RedisTransaction, ThatWasReadMayHaveBeenExecutedThoughItWasNotAnswered) {
  make_ready();
  send_both("both");
  end_turn();
  server_.peer().send("+OK\r\n+QUEUED\r\n");
  server_.peer().reset();
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "both:lost");
  server_.time.pass(kBackOffFirst);
  server_.welcome();
  send("C");
  end_turn();
  server_.peer().send("+c\r\n");
  EXPECT_EQ(heard_.take(), "C=c");
}

TEST_F(RedisTransaction, ThatIsNotTakenIsNotSent) {
  connect();
  send_both("both");
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "both:not sent");
}

}  // namespace
}  // namespace convoke::redis
