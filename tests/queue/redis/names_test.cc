// A server that is named: its name is resolved for each connection.
#include <gtest/gtest.h>

#include <vector>

#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

Address at(const char* host) { return {Address::Kind::kTcp, host, 6379}; }

class RedisNames : public RedisConnection {
 protected:
  void connect_by_name() {
    LinkOptions options;
    options.target = *Target::parse("redis://redis.example");
    connect({}, options);
  }
  [[nodiscard]] std::string asked() const { return server_.network.asked(); }
  void answer(const std::vector<Address>& addresses) { server_.network.answer(addresses); }
};

TEST_F(RedisNames, AreResolvedAnewForEachConnection) {
  connect_by_name();
  EXPECT_EQ(asked(), "redis.example:6379");
  EXPECT_EQ(server_.connections(), 0U);
  answer({at("10.0.0.1")});
  server_.welcome();
  ASSERT_TRUE(connection_->ready());
  server_.peer().reset();
  server_.time.pass(kBackOffMax);
  EXPECT_EQ(asked(), "redis.example:6379");
  answer({at("10.0.0.2")});
  server_.welcome();
  EXPECT_EQ(server_.network.connected_to,
            (std::vector<std::string>{"10.0.0.1:6379", "10.0.0.2:6379"}));
}

TEST_F(RedisNames, OfSeveralAddressesTheNextIsTriedAfterOneThatFailed) {
  const std::vector<Address> both{at("::1"), at("127.0.0.1")};
  connect_by_name();
  answer(both);
  server_.peer().reset("refused");
  server_.time.pass(kBackOffMax);
  answer(both);
  server_.welcome();
  server_.peer().reset();  // it was up: the same again
  server_.time.pass(kBackOffMax);
  answer(both);
  server_.peer().reset("refused");
  server_.time.pass(kBackOffMax);
  answer(both);
  EXPECT_EQ(
      server_.network.connected_to,
      (std::vector<std::string>{"[::1]:6379", "127.0.0.1:6379", "127.0.0.1:6379", "[::1]:6379"}));
}

TEST_F(RedisNames, OneThatNobodyKnowsIsToldByNameAndTriedAgain) {
  connect_by_name();
  server_.network.answer(Error{ErrorCode::kServiceUnavailable, "the name redis.example ..."});
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_EQ(owner_.troubles[0],
            "Redis at redis://redis.example:6379/0: the name redis.example ...");
  server_.time.pass(kBackOffMax);
  EXPECT_NE(asked(), "");
}

TEST_F(RedisNames, ASilentResolverIsGivenUpWithTheLinksPatience) {
  connect_by_name();
  server_.time.pass(Seconds{10} + Millis{1});
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_NE(owner_.troubles[0].find("redis.example was not resolved within 10000 ms"),
            std::string::npos)
      << owner_.troubles[0];
  EXPECT_EQ(asked(), "");
}

TEST_F(RedisNames, MayBeDestroyedWhileItIsAskedAndWhenItIsNotKnown) {
  connect_by_name();
  connection_.reset();
  EXPECT_EQ(asked(), "");
  connect_by_name();
  owner_.then = [this] { connection_.reset(); };
  server_.network.answer(Error{ErrorCode::kServiceUnavailable, "unknown"});
  EXPECT_EQ(connection_, nullptr);
  server_.time.pass(Seconds{60});
  EXPECT_EQ(server_.connections(), 0U);
}

}  // namespace
}  // namespace convoke::redis
