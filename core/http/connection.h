// One client's connection, as a state machine over its wire.
//
//   reading --request complete--> handling --respond--> reading
//      |                             '--begin_stream--> streaming --end_stream--> reading
//      |
//      '-- refused, or the last answer was given --> lingering --> gone
//
// Lingering: the last answer has been written and our side is shut down; what the client still
// sends is thrown away, up to a size and a time, since closing on unread bytes would reset the
// connection and could take the answer with it.
//
// While a request is handled, what the client sends meanwhile is held (bounded), not parsed: so
// that answers leave in order, and that a client's going away is noticed.
//
// Threads: one shard's. The owner frees it in a later turn than the one in which it said gone().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/http/parser.h"
#include "core/http/server.h"
#include "core/http/stall_watch.h"
#include "core/http/writer.h"

namespace convoke::http {

// What a connection needs of its server.
class ConnectionHost {
 public:
  ConnectionHost(TimerWheel& its_wheel, const Clock& its_clock, const ServerLimits& its_limits,
                 Handler& its_handler)
      : wheel(its_wheel), clock(its_clock), limits(its_limits), handler(its_handler) {}
  virtual ~ConnectionHost() = default;
  ConnectionHost(const ConnectionHost&) = delete;
  ConnectionHost& operator=(const ConnectionHost&) = delete;

  virtual void gone(std::uint32_t slot) = 0;  // may be said from inside any callback

  TimerWheel& wheel;
  const Clock& clock;
  const ServerLimits limits;
  Handler& handler;
  DateLine date;
  std::size_t body_bytes = 0;  // of all requests, until they are answered
  std::size_t exchanges = 0;   // handed up, not yet answered
  bool draining = false;
};

class ServerConnection final : private WireHandler {
 public:
  ServerConnection(ConnectionHost& host, std::unique_ptr<Wire> wire, std::uint32_t slot,
                   std::uint32_t generation);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  [[nodiscard]] bool awaits(const ExchangeId& exchange) const {
    return exchange_open() && exchange == id();
  }
  void respond(Response response);
  void begin_stream(Response head);
  bool stream(std::string_view bytes);
  void end_stream();
  void drain();

 private:
  enum class Phase : std::uint8_t { kReading, kHandling, kStreaming, kLingering, kGone };
  enum class Waiting : std::uint8_t { kForNobody, kForRequest, kForHead, kForBody, kForClose };

  void on_bytes(std::string_view bytes) override;
  void on_drained() override;
  void on_eof() override;
  void on_closed(const Error& why) override;

  [[nodiscard]] bool may_parse() const;
  void go_on();
  [[nodiscard]] std::size_t parse(std::string_view bytes);
  void take(Parser::Event event);
  void on_head();
  void on_message();
  void on_refused_message();
  void on_input_end();
  [[nodiscard]] bool count_body();
  void release_body();
  void hold(std::string_view bytes);
  void watch_input();
  [[nodiscard]] Duration request_wait_max() const;

  [[nodiscard]] Persistence decide_persistence();
  void answer(Response response);
  void refuse(const Error& error);
  void finish_exchange();
  void await_next();
  void write_out(std::string bytes);

  void hang_up();
  void linger();
  void on_linger();
  void end();

  void wait(Waiting what, Duration at_most);
  void on_input_timer();
  [[nodiscard]] bool exchange_open() const {
    return phase_ == Phase::kHandling || phase_ == Phase::kStreaming;
  }
  [[nodiscard]] ExchangeId id() const { return {slot_, generation_, request_}; }

  ConnectionHost& host_;
  std::unique_ptr<Wire> wire_;
  const std::uint32_t slot_;
  const std::uint32_t generation_;
  std::uint32_t request_ = 0;
  Phase phase_ = Phase::kReading;
  Waiting waiting_ = Waiting::kForNobody;
  bool parsing_ = false;       // parse() is on the stack
  bool input_ended_ = false;   // the peer has shut down its side
  bool output_full_ = false;   // the peer does not take what we answer: on_drained goes on
  bool last_request_ = false;  // of this connection
  bool head_only_ = false;     // HEAD: the answer's body stays here
  bool http_1_0_ = false;
  bool flushed_ = false;  // lingering: all has left
  bool reading_paused_ = false;
  Framing stream_framing_ = Framing::kChunked;
  std::size_t body_bytes_ = 0;  // of the host's body_bytes
  std::size_t discarded_ = 0;
  std::optional<Error> refused_;  // to be said when the request has been read to its end
  std::string held_;              // received, not yet parsed
  Instant deadline_ = kNever;     // of waiting_; the timer may be set for earlier
  Parser parser_;
  Timer input_timer_ = timer_for<&ServerConnection::on_input_timer>(this);
  StallWatch stall_;
};

}  // namespace convoke::http
