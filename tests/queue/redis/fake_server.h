// A Redis server played by the test, byte by byte, in virtual time; a connection to it, and an
// owner and handlers that write down what they hear.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/edge/rng.h"
#include "queue/redis/connection.h"
#include "tests/http/fake_wires.h"

namespace convoke::redis {

// The last connection that was made, from the server's side.
class FakeServer {
 public:
  [[nodiscard]] LinkWorld world() { return {network, time, time.wheel}; }
  [[nodiscard]] static LinkOptions options() {
    LinkOptions options;
    options.target.address = {Address::Kind::kTcp, "127.0.0.1", 6379};
    return options;
  }
  [[nodiscard]] static Rng rng() { return Rng::seeded(7); }

  [[nodiscard]] fake::Peer& peer() { return *network.peers.back(); }
  [[nodiscard]] std::size_t connections() const { return network.peers.size(); }
  // Accepts a connection whose greeting is but a PING.
  void welcome() {
    peer().accept_connection();
    EXPECT_EQ(peer().take_received(), "*1\r\n$4\r\nPING\r\n");
    peer().send("+PONG\r\n");
  }

  fake::Time time;
  fake::Network network;
};

struct Owner : ConnectionOwner {
  void on_ready() override {
    ++ready;
    if (then) then();
  }
  void on_lost(const Error& why) override {
    troubles.push_back(why.message);
    if (then) then();
  }
  int ready = 0;
  std::vector<std::string> troubles;
  std::function<void()> then;
};

// What handlers heard: "name=text", or "name:lost", "name:not sent".
class Heard {
 public:
  [[nodiscard]] Connection::Handler as(std::string name) {
    return [this, name = std::move(name)](const Answer& answer) {
      const auto said = [&]() -> std::string {
        if (answer.fate == Fate::kLost) return ":lost";
        if (answer.fate == Fate::kNotSent) return ":not sent";
        if (const auto number = answer.reply.integer()) return "=" + std::to_string(*number);
        return "=" + std::string(answer.reply.text());
      };
      all_ += (all_.empty() ? "" : " ") + name + said();
    };
  }
  [[nodiscard]] std::string take() { return std::exchange(all_, {}); }

 private:
  std::string all_;
};

// A test whose steps are turns: end_turn() is what the owner does at the end of each.
class RedisConnection : public testing::Test {
 protected:
  void connect(const PipelineLimits& limits = {}, LinkOptions options = FakeServer::options()) {
    connection_ = std::make_unique<Connection>(server_.world(), std::move(options), limits,
                                               FakeServer::rng(), owner_);
  }
  void make_ready(const PipelineLimits& limits = {}) {
    connect(limits);
    server_.welcome();
    ASSERT_TRUE(connection_->ready());
  }
  void send(const std::string& name) { connection_->send(Command(name), heard_.as(name)); }
  void end_turn() {
    if (connection_) connection_->flush();
    server_.network.flush();
  }
  void next_turn() { server_.time.turn(); }

  FakeServer server_;
  Owner owner_;
  Heard heard_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace convoke::redis
