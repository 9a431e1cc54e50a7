// Who sends requests, waits, or does not.
#pragma once

#include <map>
#include <string>

#include "core/http/message.h"
#include "core/http/server.h"
#include "tests/sim/definitions.h"
#include "tests/sim/stage.h"

namespace convoke::sim {

// An engine's door. Each runs in a turn of the shard, now.
class Door {
 public:
  virtual ~Door() = default;
  [[nodiscard]] virtual std::uint16_t shards() const = 0;
  virtual void request(ShardIndex at, http::ExchangeId exchange, const CallId& id,
                       const std::string& function, http::Request request) = 0;
  virtual void client_gone(ShardIndex at, http::ExchangeId exchange) = 0;
};

struct Crowd {
  std::uint32_t requests = 0;
  std::uint32_t backlog = 0;  // that many more, before the others, asynchronous, of one function
  std::uint32_t first = 0;    // from where they are numbered
};

class Callers {
 public:
  // Of one engine, whatever its lives.
  Callers(Stage& stage, const Definitions& known, const Crowd& crowd, const Rng& rng);

  void begin();  // of the storm
  [[nodiscard]] bool all_sent() const { return left_ == 0; }
  void meet(Door* engine) {
    engine_ = engine;
    sending_ = true;
  }
  void engine_died();                        // every connection is cut
  void stop_sending() { sending_ = false; }  // until the next engine
  [[nodiscard]] std::size_t unanswered() const;
  // The code of that call calls some function, here, with what it carries.
  void call_on(const CallId& by, const CarriedLineage& with);

  void on_response(http::ExchangeId exchange, const http::Response& response);

 private:
  struct Open {
    CallId id;
    ShardIndex at;
    bool answered = false;
  };
  void send_next();
  void send();
  void ask(std::uint32_t number, const Sent& sent, const FunctionPtr& function,
           http::Request request, Rng& rng);
  [[nodiscard]] bool floods() const { return sent_ <= crowd_.backlog; }
  http::Request draw_request(Sent& sent, Rng& rng);
  void hang_up(http::ExchangeId exchange);

  Stage& stage_;
  const Definitions& known_;
  Rng rng_;
  Rng planted_;
  Rng called_on_rng_;
  Door* engine_ = nullptr;
  bool sending_ = true;
  const Crowd crowd_;
  std::uint32_t left_;
  std::uint32_t sent_ = 0;
  std::uint32_t called_on_ = 0;
  Duration pause_max_{};
  std::uint64_t async_percent_ = 0;
  Seconds delay_max_{};
  std::size_t event_bytes_max_ = 0;
  std::map<std::uint32_t, Open> open_;  // by request number
};

}  // namespace convoke::sim
