// The stand-in as a server on wires: it accepts connections, executes their commands in the order
// in which they come, and answers. Deterministic: it goes by the clock that it is given, and by
// nothing else.
//
// What is asked of it in a turn happens in that turn. Its faults are asked for, one at a time.
//
// Threads: one. Wires and clock outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/wires.h"
#include "tests/redis_stand_in/kept.h"
#include "tests/redis_stand_in/requests.h"

namespace convoke::stand_in {

// Sees each command where it is executed, and may lay hands on what lies there.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void before(Data& data, const Words& words) = 0;
  virtual void after(Data& data, const Words& words, Value& answer) = 0;
};

// When a connection is lost: the command was not executed, or it was and nobody heard.
enum class Loss : std::uint8_t { kBefore, kAfter };

struct ServerOptions {
  Address at{Address::Kind::kTcp, "127.0.0.1", 6379};
  Duration loss_max{};  // what crash() may be asked to lose
};

class Server final : private AcceptHandler {
 public:
  // Serves at once.
  Server(Wires& wires, const Clock& clock, ServerOptions options);
  ~Server() override;
  Server(const Server&) = delete;  // wires hold our address
  Server& operator=(const Server&) = delete;

  // Whoever sends the command after the next `passed` ones loses its connection, and with it the
  // answers of that turn.
  void lose_connection(Loss loss, std::size_t passed = 0);
  void lose_connections();  // all, now
  // It hears nothing, and keeps its connections.
  void pause();
  void resume();
  // Down until start(); what was executed within `lost` before is gone with it.
  void crash(Duration lost = {});
  void start();
  [[nodiscard]] bool serves() const { return listener_ != nullptr; }
  // It has its data yet to read: almost every command is refused.
  void set_loading(bool loading) { loading_ = loading; }
  // Not where a crash may lose something: what was refused then would be repeated.
  void set_memory(Memory memory);

  void watch(Watcher& watcher) { watcher_ = &watcher; }  // outlives it

  [[nodiscard]] Commands& commands() { return kept_.commands(); }
  [[nodiscard]] std::size_t executed() const { return executed_; }  // commands, of all its lives

 private:
  class Connection;
  struct PlannedLoss {
    Loss loss;
    std::size_t passed;
  };

  void on_accept(std::unique_ptr<Wire> wire) override;
  // Appends the answer; false: the connection is to be lost.
  [[nodiscard]] bool execute(Connection& from, const Words& words, std::string& answers);
  [[nodiscard]] Value answer(Connection& from, const Words& words);
  [[nodiscard]] Value answer_on_data(Connection& from, const Words& words);
  [[nodiscard]] Value answer_watched(Session& session, const Words& words);
  [[nodiscard]] Value publish(const std::string& channel, const std::string& message);
  [[nodiscard]] std::optional<Loss> loss_of_next();

  Wires& wires_;
  const Clock& clock_;
  const ServerOptions options_;
  Kept kept_;
  bool paused_ = false;
  bool loading_ = false;
  Watcher* watcher_ = nullptr;
  std::size_t executed_ = 0;
  std::optional<PlannedLoss> planned_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace convoke::stand_in
