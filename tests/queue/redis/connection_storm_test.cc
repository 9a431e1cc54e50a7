// The connection under everything that a network and a server may do, by seed: each command is
// answered once, by its own reply, and what is called not sent was never executed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";

class Storm {
 public:
  explicit Storm(std::uint64_t seed) : rng_(Rng::seeded(seed)) {
    connection_ =
        std::make_unique<Connection>(server_.world(), FakeServer::options(),
                                     PipelineLimits{30, 400}, rng_.fork("connection"), owner_);
  }

  void run() {
    for (int i = 0; i < 600; ++i) step();
    calm_ = true;
    server_.time.pass(Seconds{11});
    for (int i = 0; i < 40 || told_ < fates_.size(); ++i) {
      ASSERT_LT(i, 1000) << "does not come to rest";
      serve();
      talk();
      turn();
      server_.time.pass(Millis{200});
    }
    judge();
  }

  [[nodiscard]] std::size_t count(Fate fate) const {
    return static_cast<std::size_t>(std::count(fates_.begin(), fates_.end(), fate));
  }

 private:
  void step() {
    switch (rng_.below(12)) {
      case 0:
        return turn();
      case 1:
        return server_.time.pass(Millis{static_cast<std::int64_t>(rng_.below(100))});
      case 2:
      case 3:
        return serve();
      case 4:
      case 5:
        return talk();
      case 6:
        return rng_.one_in(8) ? harm() : server_.peer().take(rng_.below(40));
      default:
        return send();
    }
  }

  void send() {
    const std::size_t number = fates_.size();
    fates_.push_back(Fate::kNotSent);
    times_told_.push_back(0);
    const std::uint64_t turn = turn_;
    connection_->send(Command("C" + std::to_string(number)),
                      [this, number, turn](const Answer& answer) {
                        EXPECT_LT(turn, turn_) << "told in its own turn";
                        ++told_;
                        ++times_told_[number];
                        fates_[number] = answer.fate;
                        if (answer.fate != Fate::kReplied) return;
                        EXPECT_EQ(answer.reply.text(), "C" + std::to_string(number));
                        EXPECT_TRUE(executed_.contains(number));
                        EXPECT_GE(number, next_reply_) << "out of order";
                        next_reply_ = number + 1;
                      });
  }

  void turn() {
    server_.time.turn();
    connection_->flush();
    ++turn_;
    server_.network.flush();
  }

  // Accepts, reads, executes.
  void serve() {
    if (server_.peer().gone()) return;
    if (seen_ != server_.connections()) {
      seen_ = server_.connections();
      input_.clear();
      replies_.clear();
      between_replies_ = true;
      if (!calm_ && rng_.one_in(2)) server_.peer().take_nothing_more();
      server_.peer().accept_connection();
    }
    if (calm_) server_.peer().take(fake::Peer::kAll);
    input_ += server_.peer().take_received();
    while (execute_one()) {
    }
  }

  bool execute_one() {
    if (input_.starts_with(kPing)) {
      input_.erase(0, kPing.size());
      replies_ += "+PONG\r\n";
      return true;
    }
    const std::size_t name = input_.find("\r\nC");
    const std::size_t end = name == std::string::npos ? name : input_.find("\r\n", name + 3);
    if (end == std::string::npos) return false;
    const std::string text = input_.substr(name + 2, end - name - 2);
    executed_.insert(std::stoul(text.substr(1)));
    replies_ += "+" + text + "\r\n";
    input_.erase(0, end + 2);
    return true;
  }

  void talk() {
    if (seen_ != server_.connections() || replies_.empty()) return;
    const std::size_t size = calm_ ? replies_.size() : 1 + rng_.below(replies_.size());
    const std::string part = replies_.substr(0, size);
    replies_.erase(0, size);
    between_replies_ = part.ends_with('\n');
    server_.peer().send(part);
  }

  void harm() {
    if (seen_ != server_.connections()) return server_.peer().reset("refused");
    switch (rng_.below(4)) {
      case 0:
        return server_.peer().reset();
      case 1:
        return server_.peer().end();
      case 2:
        if (between_replies_) server_.peer().send("garbage\r\n");  // else it would be one's text
        return;
      default:
        return server_.time.pass(Seconds{11});
    }
  }

  void judge() const {
    for (std::size_t number = 0; number < fates_.size(); ++number) {
      ASSERT_EQ(times_told_[number], 1) << number;
      ASSERT_FALSE(fates_[number] == Fate::kNotSent && executed_.contains(number)) << number;
    }
    EXPECT_EQ(connection_->pending(), 0U);
    EXPECT_EQ(connection_->pending_bytes(), 0U);
    EXPECT_TRUE(connection_->ready());
  }

  FakeServer server_;
  Rng rng_;
  Owner owner_;
  std::unique_ptr<Connection> connection_;
  bool calm_ = false;
  std::uint64_t turn_ = 0;
  std::vector<Fate> fates_;  // of each command, by number
  std::vector<int> times_told_;
  std::size_t told_ = 0;
  std::size_t next_reply_ = 0;
  std::size_t seen_ = 0;  // connections
  std::string input_;     // of the last one
  std::string replies_;   // owed on it
  bool between_replies_ = true;
  std::set<std::size_t> executed_;
};

TEST(RedisConnectionStorm, EachCommandIsAnsweredOnceAndNotSentMeansNotExecuted) {
  std::size_t replied = 0;
  std::size_t lost = 0;
  std::size_t not_sent = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Storm storm(seed);
    storm.run();
    if (testing::Test::HasFailure()) return;
    replied += storm.count(Fate::kReplied);
    lost += storm.count(Fate::kLost);
    not_sent += storm.count(Fate::kNotSent);
  }
  EXPECT_GT(replied, 1000U);
  EXPECT_GT(lost, 100U);
  EXPECT_GT(not_sent, 1000U);
}

}  // namespace
}  // namespace convoke::redis
