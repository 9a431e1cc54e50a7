// The stand-in on wires: pipelines, cut bytes, and the faults that are asked of it.
#include "tests/redis_stand_in/server.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "queue/redis/connection.h"
#include "tests/queue/redis/fake_server.h"
#include "tests/redis_stand_in/cables.h"

namespace convoke::stand_in {
namespace {

class StandInServer : public testing::Test {
 protected:
  StandInServer() {
    ServerOptions options;
    options.loss_max = Seconds{1};
    server_ = std::make_unique<Server>(cables_.server(), time_, options);
  }

  void connect(redis::Target target = {}) {
    target.address = ServerOptions{}.at;
    redis::LinkOptions options;
    options.target = target;
    const redis::LinkWorld world{cables_.clients(), time_, time_.wheel};
    connection_ = std::make_unique<redis::Connection>(world, options, redis::PipelineLimits{},
                                                      Rng::seeded(1), owner_);
    turn();
  }
  void send(const char* name, const char* key = nullptr, const char* value = nullptr) {
    redis::Command command(name);
    if (key != nullptr) command.arg(key);
    if (value != nullptr) command.arg(value);
    connection_->send(command, heard_.as(name));
  }
  void turn() {
    connection_->flush();
    while (cables_.turn()) {
    }
    time_.turn();
  }
  std::string said() {
    turn();
    return heard_.take();
  }
  void reconnect() {
    time_.pass(redis::kBackOffMax);
    turn();
    ASSERT_TRUE(connection_->ready());
  }

  fake::Time time_;
  fake::Cables cables_;
  std::unique_ptr<Server> server_;
  redis::Owner owner_;
  redis::Heard heard_;
  std::unique_ptr<redis::Connection> connection_;
};

TEST_F(StandInServer, AnswersAPipelineInOrderHoweverItIsCut) {
  cables_.piece_max = 1;
  connect();
  ASSERT_TRUE(connection_->ready());
  for (const char* name : {"INCR", "GET", "INCR"}) send(name, "n");
  send("NOSUCH");
  EXPECT_EQ(said(),
            "INCR=1 GET=1 INCR=2 NOSUCH=ERR unknown command 'NOSUCH', with args beginning "
            "with: ");
}

TEST_F(StandInServer, KeepsDatabasesApartAndWantsItsPassword) {
  server_->commands().require_password("secret");
  connect();
  EXPECT_FALSE(connection_->ready());
  redis::Target target;
  target.password = "secret";
  target.db = 3;
  connect(target);
  ASSERT_TRUE(connection_->ready());
  send("INCR", "n");
  EXPECT_EQ(said(), "INCR=1");
  EXPECT_EQ(server_->commands().data(0).keys().size(), 0u);
  EXPECT_EQ(server_->commands().data(3).keys().size(), 1u);
}

TEST_F(StandInServer, LosesAConnectionBeforeOrAfterACommandRan) {
  for (const Loss loss : {Loss::kBefore, Loss::kAfter}) {
    connect();
    send("SET", "n", "5");
    send("INCR", "n");
    send("INCR", "n");
    server_->lose_connection(loss, 1);
    EXPECT_EQ(said(), "");
    EXPECT_FALSE(connection_->ready());
    EXPECT_EQ(said(), "SET:lost INCR:lost INCR:lost");
    reconnect();
    send("GET", "n");
    EXPECT_EQ(said(), loss == Loss::kBefore ? "GET=5" : "GET=6");
  }
}

TEST_F(StandInServer, PausedItSaysNothingUntilItGoesOn) {
  connect();
  server_->pause();
  send("INCR", "n");
  EXPECT_EQ(said(), "");
  EXPECT_EQ(server_->executed(), 1u);  // the greeting's PING
  server_->resume();
  EXPECT_EQ(said(), "INCR=1");
}

TEST_F(StandInServer, DownItRefusesConnectionsAndKeepsItsData) {
  connect();
  send("INCR", "n");
  EXPECT_EQ(said(), "INCR=1");
  server_->crash();
  turn();
  EXPECT_FALSE(connection_->ready());
  time_.pass(Seconds{20});
  turn();
  EXPECT_FALSE(connection_->ready());
  server_->start();
  reconnect();
  send("INCR", "n");
  EXPECT_EQ(said(), "INCR=2");
}

TEST_F(StandInServer, ACrashMayLoseWhatWasAnsweredLast) {
  connect();
  for (int i = 0; i < 5; ++i) {
    send("INCR", "n");
    turn();
    time_.pass(Millis{400});
  }
  EXPECT_EQ(heard_.take(), "INCR=1 INCR=2 INCR=3 INCR=4 INCR=5");
  server_->crash(Seconds{1});  // of those at 0, 400, 800, 1200 and 1600 ms, by 2000
  server_->start();
  turn();
  reconnect();
  send("GET", "n");
  EXPECT_EQ(said(), "GET=3");
}

TEST(StandInRequests, AreBrokenByWhatIsNoCommand) {
  Requests requests;
  requests.feed("GET / HTTP/1.1\r\n");
  EXPECT_FALSE(requests.next());
  EXPECT_TRUE(requests.broken());
}

}  // namespace
}  // namespace convoke::stand_in
