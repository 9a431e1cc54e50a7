// A real Redis Cluster of three masters, each a redis-server of a test's own (redis_server.h), with
// a third of the slots each. Ports are on loopback.
//
// Blocking; for the test's thread.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "queue/redis/slot.h"
#include "tests/redis_server.h"

namespace convoke::redis {

class RedisCluster {
 public:
  static constexpr std::size_t kNodes = 3;

  RedisCluster() {
    for (Node& node : nodes_) {
      node.port = free_loopback_port();
      node.server = std::make_unique<RedisServer>(std::vector<std::string>{
          "--port", node.port, "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--cluster-port",
          free_loopback_port(), "--cluster-node-timeout", "2000"});
    }
    for (std::size_t i = 0; i < kNodes; ++i) {
      const std::size_t first = kSlots * i / kNodes;
      const std::size_t last = kSlots * (i + 1) / kNodes - 1;
      RedisServer& server = node(i);
      server.ask({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
      server.ask({"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(last)});
      nodes_[i].id = server.ask({"CLUSTER", "MYID"});
      if (i > 0) meet(server);
    }
    wait_until_whole();
  }

  [[nodiscard]] RedisServer& node(std::size_t i) { return *nodes_.at(i).server; }
  [[nodiscard]] Target target() const {
    Target target;
    target.address = {Address::Kind::kTcp, "127.0.0.1", port_of(nodes_[0])};
    target.cluster = true;
    return target;
  }

  // Those that do not run; returns when all take commands.
  void start() {
    bool any = false;
    for (Node& node : nodes_) any |= !serves(node);
    for (Node& node : nodes_) node.server->start();
    if (any) wait_until_whole();
  }

  // Whoever has the slot of the command's key.
  std::string ask(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < kNodes; ++i) {
      std::string answer = node(i).ask(words);
      if (!answer.starts_with("MOVED")) return answer;
    }
    ADD_FAILURE() << "nobody has the slot of " << words.at(1);
    return {};
  }
  [[nodiscard]] std::size_t owner_of(const std::string& key) {
    std::size_t i = 0;
    while (i < kNodes - 1 && node(i).ask({"EXISTS", key}).starts_with("MOVED")) ++i;
    return i;
  }

  // A slot on its way: begin, carry keys over, end; in a resharding they follow each other.
  void begin_move(Slot slot, std::size_t from, std::size_t to) {
    const std::string number = std::to_string(slot);
    EXPECT_EQ(node(to).ask({"CLUSTER", "SETSLOT", number, "IMPORTING", nodes_[from].id}), "OK");
    EXPECT_EQ(node(from).ask({"CLUSTER", "SETSLOT", number, "MIGRATING", nodes_[to].id}), "OK");
  }
  void carry_keys(Slot slot, std::size_t from, std::size_t to) {
    const std::string number = std::to_string(slot);
    for (;;) {
      const std::string key = node(from).ask({"CLUSTER", "GETKEYSINSLOT", number, "1"});
      if (key.empty()) return;
      carry(key, from, to);
    }
  }
  void carry(const std::string& key, std::size_t from, std::size_t to) {
    EXPECT_EQ(node(from).ask({"MIGRATE", "127.0.0.1", nodes_[to].port, key, "0", "5000"}), "OK");
  }
  void end_move(Slot slot, std::size_t to) {
    const std::vector<std::string> words = {"CLUSTER", "SETSLOT", std::to_string(slot), "NODE",
                                            nodes_[to].id};
    EXPECT_EQ(node(to).ask(words), "OK");
    for (std::size_t i = 0; i < kNodes; ++i) EXPECT_EQ(node(i).ask(words), "OK");
  }
  void move(Slot slot, std::size_t from, std::size_t to) {
    begin_move(slot, from, to);
    carry_keys(slot, from, to);
    end_move(slot, to);
  }

 private:
  struct Node {
    std::string port;
    std::string id;
    std::unique_ptr<RedisServer> server;
  };

  static std::uint16_t port_of(const Node& node) {
    return static_cast<std::uint16_t>(std::stoi(node.port));
  }
  static bool serves(Node& node) { return node.server->ask({"PING"}) == "PONG"; }
  void meet(RedisServer& other) {
    const std::string bus = other.ask({"CONFIG", "GET", "cluster-port"});
    const std::string port = other.ask({"CONFIG", "GET", "port"});
    node(0).ask({"CLUSTER", "MEET", "127.0.0.1", port.substr(port.find(' ') + 1),
                 bus.substr(bus.find(' ') + 1)});
  }
  void wait_until_whole() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (Node& node : nodes_) {
      for (;;) {
        const std::string info = node.server->ask({"CLUSTER", "INFO"});
        const bool whole = info.find("cluster_state:ok") != std::string::npos &&
                           info.find("cluster_known_nodes:3") != std::string::npos;
        if (whole) break;
        ASSERT_LT(std::chrono::steady_clock::now(), end) << info;
        usleep(10'000);
      }
    }
  }

  std::array<Node, kNodes> nodes_;
};

}  // namespace convoke::redis
