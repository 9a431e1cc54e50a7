// Who sends requests, waits, or does not.
#pragma once

#include <map>
#include <string>

#include "tests/sim/desk.h"
#include "tests/sim/engine.h"
#include "tests/sim/stage.h"

namespace convoke::sim {

class Callers {
 public:
  // `backlog`: that many more, before the others, all asynchronous and of the first function.
  Callers(Stage& stage, Desk& desk, std::uint32_t requests, std::uint32_t backlog);

  void begin();  // of the storm
  [[nodiscard]] bool all_sent() const { return left_ == 0; }
  void meet(Engine* engine) {
    engine_ = engine;
    sending_ = true;
  }
  void engine_died();                        // every connection is cut
  void stop_sending() { sending_ = false; }  // until the next engine
  [[nodiscard]] std::size_t unanswered() const;

  void on_response(http::ExchangeId exchange, const http::Response& response);

 private:
  struct Open {
    CallId id;
    ShardIndex at;
    bool answered = false;
  };
  void send_next();
  void send();
  [[nodiscard]] bool floods() const { return sent_ <= backlog_; }
  http::Request draw_request(Sent& sent);
  void hang_up(http::ExchangeId exchange);

  Stage& stage_;
  Desk& desk_;
  Rng rng_;
  Rng planted_;
  Engine* engine_ = nullptr;
  bool sending_ = true;
  std::uint32_t left_;
  std::uint32_t backlog_;  // of those
  std::uint32_t sent_ = 0;
  Duration pause_max_{};
  std::uint64_t async_percent_ = 0;
  Seconds delay_max_{};
  std::size_t event_bytes_max_ = 0;
  std::map<std::uint32_t, Open> open_;  // by request number
};

}  // namespace convoke::sim
