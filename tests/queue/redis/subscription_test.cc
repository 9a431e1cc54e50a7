// The subscription against a server played by the test.
#include "queue/redis/subscription.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

struct Listener : SubscriptionOwner {
  void on_subscribed() override { note("subscribed"); }
  void on_message(std::string_view channel, std::string_view payload) override {
    note(std::string(channel) + ":" + std::string(payload));
  }
  void on_lost(const Error& why) override {
    trouble = why.message;
    note("lost");
  }
  void note(const std::string& what) {
    all += (all.empty() ? "" : " ") + what;
    if (then) then();
  }
  [[nodiscard]] std::string take() { return std::exchange(all, {}); }

  std::string all;
  std::string trouble;
  std::function<void()> then;
};

constexpr std::string_view kConfirmed =
    "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n";

class RedisSubscription : public testing::Test {
 protected:
  void subscribe() {
    subscription_ = std::make_unique<Subscription>(server_.world(), FakeServer::options(),
                                                   std::vector<std::string>{"a", "b"},
                                                   FakeServer::rng(), listener_);
    greet();
    server_.peer().send(kConfirmed);
  }
  void greet() {
    server_.welcome();
    EXPECT_EQ(server_.peer().take_received(), "*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n");
  }

  FakeServer server_;
  Listener listener_;
  std::unique_ptr<Subscription> subscription_;
};

TEST_F(RedisSubscription, HearsWhatIsPublishedOnceAllIsSubscribed) {
  subscription_ = std::make_unique<Subscription>(server_.world(), FakeServer::options(),
                                                 std::vector<std::string>{"a", "b"},
                                                 FakeServer::rng(), listener_);
  greet();
  server_.peer().send(kConfirmed.substr(0, kConfirmed.size() - 1));
  EXPECT_FALSE(subscription_->subscribed());
  server_.peer().send(kConfirmed.substr(kConfirmed.size() - 1));
  EXPECT_TRUE(subscription_->subscribed());
  server_.peer().send_each_byte(
      "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n*3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$0\r\n\r\n");
  EXPECT_EQ(listener_.take(), "subscribed a:hi b:");
}

TEST_F(RedisSubscription, SubscribesAgainAndSaysSoAfterALoss) {
  subscribe();
  server_.peer().reset();
  EXPECT_FALSE(subscription_->subscribed());
  server_.time.pass(kBackOffFirst + Millis{1});
  greet();
  server_.peer().send(kConfirmed);
  EXPECT_EQ(listener_.take(), "subscribed lost subscribed");
}

TEST_F(RedisSubscription, PingsAndNoticesADeadServer) {
  subscribe();
  const auto ping = "*1\r\n$4\r\nPING\r\n";
  for (int i = 0; i < 5; ++i) {
    server_.time.pass(Seconds{5});
    server_.network.flush();
    EXPECT_EQ(server_.peer().take_received(), ping);
    server_.peer().send("*2\r\n$4\r\npong\r\n$0\r\n\r\n");
  }
  EXPECT_EQ(listener_.take(), "subscribed");
  server_.time.pass(Seconds{15} + Millis{2});
  EXPECT_EQ(listener_.take(), "lost");
}

TEST_F(RedisSubscription, ARefusalIsToldAndTriedAgain) {
  subscription_ = std::make_unique<Subscription>(server_.world(), FakeServer::options(),
                                                 std::vector<std::string>{"a", "b"},
                                                 FakeServer::rng(), listener_);
  greet();
  server_.peer().send("-NOPERM No permissions to access a channel\r\n");
  EXPECT_EQ(listener_.take(), "lost");
  EXPECT_NE(listener_.trouble.find("NOPERM"), std::string::npos);
  server_.time.pass(kBackOffFirst + Millis{1});
  EXPECT_EQ(server_.connections(), 2U);
}

TEST_F(RedisSubscription, StrangeMessagesChangeNothing) {
  subscribe();
  server_.peer().send("+OK\r\n:1\r\n*0\r\n*1\r\n$7\r\nstrange\r\n$-1\r\n*2\r\n:1\r\n:2\r\n");
  EXPECT_TRUE(subscription_->subscribed());
  EXPECT_EQ(listener_.take(), "subscribed");
}

TEST_F(RedisSubscription, MayBeDestroyedInEachCallback) {
  for (const std::string_view cause : {"subscribed", "message", "lost"}) {
    listener_.then = nullptr;
    subscription_ = std::make_unique<Subscription>(server_.world(), FakeServer::options(),
                                                   std::vector<std::string>{"a", "b"},
                                                   FakeServer::rng(), listener_);
    greet();
    if (cause != "subscribed") server_.peer().send(kConfirmed);
    listener_.then = [this] { subscription_.reset(); };
    if (cause == "subscribed") server_.peer().send(kConfirmed);
    if (cause == "message")
      server_.peer().send("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n*3\r\n$7\r\nmessage\r\n");
    if (cause == "lost") server_.peer().reset();
    EXPECT_EQ(subscription_, nullptr) << cause;
  }
}

}  // namespace
}  // namespace convoke::redis
