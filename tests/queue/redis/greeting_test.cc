// What is said on a new connection, and what an operator is told when it is refused.
#include "queue/redis/greeting.h"

#include <gtest/gtest.h>

#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

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

}  // namespace
}  // namespace convoke::redis
