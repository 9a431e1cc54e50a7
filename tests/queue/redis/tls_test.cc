// A connection over TLS: the same greeting, commands and losses as in the clear.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/queue/redis/fake_server.h"
#include "tests/tls/authority.h"
#include "tests/tls/server_end.h"

namespace convoke::redis {
namespace {

class RedisOverTls : public RedisConnection {
 protected:
  void connect_over_tls(const std::string& queue = "rediss://redis.example") {
    LinkOptions options;
    options.target = *Target::parse(queue);
    options.target.trust = *tls::Client::make({authority_.certificate(), "", ""});
    connect({}, options);
    if (!server_.network.asked().empty()) {
      server_.network.answer(std::vector<Address>{{Address::Kind::kTcp, "10.0.0.1", 6379}});
    }
  }
  void serve() {
    end_.emplace(server_.network.peers.back(),
                 tls::ServerSettings{authority_.issue("DNS:redis.example,DNS:localhost"), "", 0});
    server_.peer().accept_connection();
    end_->pump();
  }
  void turn() {
    end_turn();
    end_->pump();
    next_turn();
  }

  tls::Authority authority_{"authority"};
  std::optional<tls::ServerEnd> end_;
};

TEST_F(RedisOverTls, GreetsAndAnswersAsInTheClear) {
  for (const char* const queue : {"rediss://redis.example", "rediss://localhost"}) {
    connect_over_tls(queue);
    serve();
    EXPECT_EQ(end_->received, "*1\r\n$4\r\nPING\r\n");
    end_->write("+PONG\r\n");
    ASSERT_TRUE(connection_->ready());
    end_->received.clear();
    send("A");
    turn();
    EXPECT_EQ(end_->received, "*1\r\n$1\r\nA\r\n");
    end_->write("+a\r\n");
    EXPECT_EQ(heard_.take(), "A=a");
  }
}

TEST_F(RedisOverTls, WhatWasSentAndNotAnsweredMayHaveRun) {
  connect_over_tls();
  serve();
  end_->write("+PONG\r\n");
  server_.peer().take_nothing_more();
  send("A");
  turn();
  server_.peer().reset();
  turn();
  EXPECT_EQ(heard_.take(), "A:lost");
}

TEST_F(RedisOverTls, ACommandWhoseEndWasNeverEncryptedDidNotRun) {
  connect_over_tls();
  serve();
  end_->write("+PONG\r\n");
  server_.peer().take_nothing_more();
  send("A");
  turn();
  connection_->send(Command("B").arg(std::string(Wire::kOutputHigh, 'x')), heard_.as("B"));
  turn();
  send("C");
  turn();
  server_.peer().reset();
  turn();
  EXPECT_EQ(heard_.take(), "A:lost B:not sent C:not sent");
}

TEST_F(RedisOverTls, AServerThatIsNotTrustedIsToldWithItsNameAndTriedAgain) {
  connect_over_tls("rediss://:s3cret@other.example");
  serve();
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_NE(owner_.troubles[0].find("Redis at rediss://other.example:6379/0: its certificate is"),
            std::string::npos)
      << owner_.troubles[0];
  EXPECT_EQ(end_->received, "");
  server_.time.pass(kBackOffMax);
  EXPECT_EQ(server_.network.asked(), "other.example:6379");
}

TEST_F(RedisOverTls, AServerThatAnswersNoHandshakeIsGivenUpWithThePatience) {
  connect_over_tls();
  server_.peer().accept_connection();
  server_.time.pass(Seconds{10} + Millis{1});
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_NE(owner_.troubles[0].find("does it speak TLS there?"), std::string::npos);
}

TEST_F(RedisOverTls, MayBeDestroyedByItsOwnersCallbacks) {
  owner_.then = [this] { connection_.reset(); };
  connect_over_tls();
  serve();
  end_->write("+PONG\r\n");
  EXPECT_EQ(connection_, nullptr);
  EXPECT_TRUE(server_.peer().gone());
  connect_over_tls("rediss://other.example");
  serve();
  EXPECT_EQ(connection_, nullptr);
}

}  // namespace
}  // namespace convoke::redis
