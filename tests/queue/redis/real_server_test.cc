// The connection, the subscription and scripts against a real redis-server, on the real loop.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "queue/redis/connection.h"
#include "queue/redis/script.h"
#include "queue/redis/subscription.h"
#include "tests/loop/fixture.h"
#include "tests/queue/redis/fake_server.h"
#include "tests/redis_server.h"

namespace convoke {
extern const std::string_view echo_lua;
}

namespace convoke::redis {
namespace {

class RealRedis : public testing::Test {
 protected:
  RealRedis() {
    loop_.at_end_of_turn(EndOfTurn::kWork, [this] {
      if (connection_) connection_->flush();
    });
  }
  void TearDown() override {
    connection_.reset();
    subscription_.reset();
    settle(loop_);
    EXPECT_EQ(loop_.active_handles(), 0U);
  }

  [[nodiscard]] LinkWorld world() { return {wires_, loop_, loop_.timers()}; }
  [[nodiscard]] LinkOptions options() const {
    LinkOptions options;
    options.target = server_.target();
    options.name = "convoke-test";
    return options;
  }
  void connect(LinkOptions options) {
    connection_ = std::make_unique<Connection>(world(), std::move(options), PipelineLimits{},
                                               FakeServer::rng(), owner_);
  }
  void connect() {
    connect(options());
    until([this] { return connection_->ready(); });
  }
  void until(const std::function<bool()>& condition) { turn_until(loop_, condition); }
  // The answer to one command, waited for.
  std::string ask(const Command& command) {
    std::string text;
    bool answered = false;
    connection_->send(command, [&](const Answer& answer) {
      answered = true;
      if (answer.fate != Fate::kReplied)
        text = answer.fate == Fate::kLost ? "lost" : "not sent";
      else if (const auto number = answer.reply.integer())
        text = std::to_string(*number);
      else
        text = answer.reply.text();
    });
    until([&] { return answered; });
    return text;
  }

  RedisServer server_;
  Loop loop_;
  LoopWires wires_{loop_};
  Owner owner_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Subscription> subscription_;
};

TEST_F(RealRedis, CommandsAreExecutedAndAnswered) {
  connect();
  EXPECT_EQ(ask(Command("SET").arg("k").arg("a\r\nb")), "OK");
  EXPECT_EQ(ask(Command("GET").arg("k")), "a\r\nb");
  EXPECT_EQ(ask(Command("INCRBY").arg("n").arg(-41)), "-41");
  EXPECT_EQ(ask(Command("CLIENT").arg("GETNAME")), "convoke-test");
  EXPECT_TRUE(ask(Command("NOSUCH")).starts_with("ERR"));
}

TEST_F(RealRedis, TenThousandInATurnComeBackInOrder) {
  connect();
  std::int64_t answers = 0;
  Command command("INCR");
  for (int i = 1; i <= 10'000; ++i) {
    connection_->send(command.restart("INCR").arg("n"), [&answers, i](const Answer& answer) {
      EXPECT_EQ(answer.reply.integer(), i);
      ++answers;
    });
  }
  until([&] { return answers == 10'000; });
  EXPECT_EQ(connection_->pending(), 0U);
}

TEST_F(RealRedis, AStreamsEntriesAreReadDeepDown) {
  connect();
  ask(Command("XGROUP").arg("CREATE").arg("s").arg("g").arg("$").arg("MKSTREAM"));
  const std::string event(3UL << 20, 'e');
  const std::string id = ask(Command("XADD").arg("s").arg("*").arg("e").arg(event));
  bool read = false;
  connection_->send(Command("XREADGROUP")
                        .arg("GROUP")
                        .arg("g")
                        .arg("c")
                        .arg("COUNT")
                        .arg(10)
                        .arg("STREAMS")
                        .arg("s")
                        .arg(">"),
                    [&](const Answer& answer) {
                      const Reply entry = answer.reply[0][1][0];
                      EXPECT_EQ(entry[0].text(), id);
                      EXPECT_TRUE(entry[1][1].text() == event);
                      read = true;
                    });
  until([&] { return read; });
}

TEST_F(RealRedis, DatabaseAndPasswordAreThoseOfTheTarget) {
  server_.require_password("s3cret");
  LinkOptions with = options();
  with.target.password = "s3cret";
  with.target.db = 5;
  connect(with);
  until([this] { return connection_->ready(); });
  ask(Command("SET").arg("k").arg("v"));
  EXPECT_TRUE(ask(Command("CLIENT").arg("INFO")).find("db=5") != std::string::npos);
}

TEST_F(RealRedis, AWrongOrMissingPasswordIsToldInWords) {
  server_.require_password("s3cret");
  connect(options());
  until([this] { return !owner_.troubles.empty(); });
  EXPECT_NE(owner_.troubles.back().find("NOAUTH"), std::string::npos) << owner_.troubles.back();
  LinkOptions wrong = options();
  wrong.target.password = "wr0ng";
  owner_.troubles.clear();
  connect(wrong);
  until([this] { return !owner_.troubles.empty(); });
  EXPECT_NE(owner_.troubles.back().find("WRONGPASS"), std::string::npos) << owner_.troubles.back();
}

TEST_F(RealRedis, APasswordThatTheServerDoesNotWantIsTold) {
  LinkOptions with = options();
  with.target.password = "s3cret";
  connect(with);
  until([this] { return !owner_.troubles.empty(); });
  EXPECT_NE(owner_.troubles.back().find("without any password"), std::string::npos)
      << owner_.troubles.back();
}

TEST_F(RealRedis, KilledAndStartedAgainItIsThereAgain) {
  connect();
  EXPECT_EQ(ask(Command("SET").arg("k").arg("v")), "OK");
  server_.kill();
  until([this] { return !connection_->ready(); });
  EXPECT_EQ(ask(Command("GET").arg("k")), "not sent");
  server_.start();
  until([this] { return connection_->ready(); });
  EXPECT_EQ(ask(Command("GET").arg("k")), "v");
  EXPECT_EQ(owner_.ready, 2);
}

TEST_F(RealRedis, KilledUnderLoadWhatWasAnsweredIsThereAndWhatWasNotSentIsNot) {
  connect();
  for (int round = 0; round < 5; ++round) {
    const std::string key = "n" + std::to_string(round);
    int replied = 0;
    int lost = 0;
    int told = 0;
    int sent = 0;
    const auto send_some = [&] {
      for (int i = 0; i < 50; ++i, ++sent) {
        connection_->send(Command("INCR").arg(key), [&](const Answer& answer) {
          ++told;
          if (answer.fate == Fate::kReplied) ++replied;
          if (answer.fate == Fate::kLost) ++lost;
        });
      }
    };
    const int before_kill = 200 * (round + 1);
    until([&] {
      if (connection_->ready()) send_some();
      if (replied > before_kill) server_.kill();
      return !connection_->ready();
    });
    until([&] { return told == sent; });
    server_.start();
    until([this] { return connection_->ready(); });
    const int executed = std::stoi(ask(Command("GET").arg(key)));
    EXPECT_GE(executed, replied);
    EXPECT_LE(executed, replied + lost);
  }
}

TEST_F(RealRedis, ASilentServerIsLostAndWhatItReadMayHaveRun) {
  LinkOptions impatient = options();
  impatient.patience = Millis{400};
  connect(impatient);
  until([this] { return connection_->ready(); });
  server_.pause();
  EXPECT_NE(ask(Command("INCR").arg("n")), "1");
  EXPECT_NE(owner_.troubles.back().find("said nothing"), std::string::npos);
  server_.resume();
  until([this] { return connection_->ready(); });
  EXPECT_EQ(ask(Command("PING")), "PONG");
}

TEST_F(RealRedis, AScriptRunsAlsoAfterTheServerForgotIt) {
  connect();
  const Script script(echo_lua);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 2; ++i) {
      std::string heard;
      send_call(*connection_, script, script.call(1).arg("key").arg("argument"),
                [&](const Answer& answer) {
                  heard = answer.reply[0].text(), heard += answer.reply[1].text();
                });
      until([&] { return !heard.empty(); });
      EXPECT_EQ(heard, "keyargument");
    }
    EXPECT_EQ(ask(Command("SCRIPT").arg("FLUSH")), "OK");
  }
  EXPECT_EQ(ask(script.load()), script.sha1());
}

struct Hearing : SubscriptionOwner {
  void on_subscribed() override { ++subscribed; }
  void on_message(std::string_view channel, std::string_view payload) override {
    messages.push_back(std::string(channel) + ":" + std::string(payload));
  }
  void on_lost(const Error& /*why*/) override { ++lost; }
  int subscribed = 0;
  int lost = 0;
  std::vector<std::string> messages;
};

TEST_F(RealRedis, ASubscriptionHearsAndComesBack) {
  Hearing hearing;
  LinkOptions quick = options();
  quick.patience = Seconds{1};  // so that it pings, in subscribe mode, while we look
  subscription_ = std::make_unique<Subscription>(world(), quick, std::vector<std::string>{"a", "b"},
                                                 FakeServer::rng(), hearing);
  until([&] { return hearing.subscribed == 1; });
  EXPECT_EQ(server_.ask({"PUBLISH", "b", "hello"}), "1");
  until([&] { return hearing.messages.size() == 1; });
  EXPECT_EQ(hearing.messages[0], "b:hello");
  const auto pings = [this] {
    const std::string stats = server_.ask({"INFO", "commandstats"});
    const std::size_t at = stats.find("cmdstat_ping:calls=");
    return at == std::string::npos ? 0 : std::stoi(stats.substr(at + 19));
  };
  const int before = pings();
  until([&] { return pings() > before + 1; });
  EXPECT_EQ(hearing.lost, 0);
  server_.kill();
  server_.start();
  until([&] { return hearing.subscribed == 2; });
  EXPECT_EQ(server_.ask({"PUBLISH", "a", "again"}), "1");
  until([&] { return hearing.messages.size() == 2; });
}

}  // namespace
}  // namespace convoke::redis
