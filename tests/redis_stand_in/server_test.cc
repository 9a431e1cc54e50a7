// The stand-in on wires: pipelines, cut bytes, and the faults that are asked of it.
#include "tests/redis_stand_in/server.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "queue/redis/connection.h"
#include "queue/redis/subscription.h"
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
  void wait_for_next_try() {
    time_.pass(redis::kBackOffMax);
    turn();
  }
  void reconnect() {
    wait_for_next_try();
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

TEST_F(StandInServer, FullItRefusesWhatNeedsMemoryAndNothingElse) {
  server_.reset();  // one that loses nothing in a crash
  server_ = std::make_unique<Server>(cables_.server(), time_, ServerOptions{});
  connect();
  send("SET", "n", "5");
  EXPECT_EQ(said(), "SET=OK");
  server_->set_memory(Memory::kNone);
  send("INCR", "n");
  send("DEL", "m");
  send("GET", "n");
  EXPECT_EQ(said(), "INCR=OOM command not allowed when used memory > 'maxmemory'. DEL=0 GET=5");
}

TEST_F(StandInServer, LoadingItTakesNobodyIn) {
  server_->set_loading(true);
  connect();
  wait_for_next_try();
  EXPECT_FALSE(connection_->ready());
  server_->set_loading(false);
  reconnect();
  send("INCR", "n");
  EXPECT_EQ(said(), "INCR=1");
}

TEST_F(StandInServer, WhoHasSubscribedHearsWhatIsPublished) {
  struct Hears final : redis::SubscriptionOwner {
    void on_subscribed() override { heard += "subscribed "; }
    void on_message(std::string_view channel, std::string_view payload) override {
      heard.append(channel).append("=").append(payload);
    }
    void on_lost(const Error&) override {}
    std::string heard;
  } hears;
  redis::LinkOptions options;
  options.target.address = ServerOptions{}.at;
  redis::Subscription subscription({cables_.clients(), time_, time_.wheel}, options, {"a", "b"},
                                   Rng::seeded(2), hears);
  connect();
  send("PUBLISH", "a", "news");
  send("PUBLISH", "c", "no news");
  EXPECT_EQ(said(), "PUBLISH=1 PUBLISH=0");
  EXPECT_EQ(hears.heard, "subscribed a=news");
}

TEST(StandInRequests, AreBrokenByWhatIsNoCommand) {
  Requests requests;
  requests.feed("GET / HTTP/1.1\r\n");
  EXPECT_FALSE(requests.next());
  EXPECT_TRUE(requests.broken());
}

}  // namespace
}  // namespace convoke::stand_in
