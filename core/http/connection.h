// One client's connection, as a state machine over its wire.
//
//   reading --head, body--> handling --respond--> reading ... --> lingering --> gone
//      |                       |
//      +-- refused early ------+--> (the answer leaves, the rest of the request is thrown away)
//
// Lingering: the last answer has been written and our side is shut down; what the client still
// sends is thrown away for a bounded time, since closing on unread bytes would reset the connection
// and could take the answer with it.
//
// Threads: one shard's. The owner frees it in a later turn than the one in which it said gone().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/http/parser.h"
#include "core/http/response_writer.h"
#include "core/http/server.h"

namespace convoke::http {

// What a connection needs of its server.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  [[nodiscard]] virtual Handler& handler() = 0;
  [[nodiscard]] virtual const ServerLimits& limits() const = 0;
  [[nodiscard]] virtual const ParserLimits& parser_limits() const = 0;
  [[nodiscard]] virtual TimerWheel& wheel() = 0;
  [[nodiscard]] virtual Instant now() const = 0;
  [[nodiscard]] virtual std::string_view date_line() = 0;
  [[nodiscard]] virtual bool draining() const = 0;
  // Room for body bytes among all requests of the shard: false when there is none.
  [[nodiscard]] virtual bool take_body_bytes(std::size_t bytes) = 0;
  virtual void give_body_bytes(std::size_t bytes) = 0;
  virtual void exchange_began() = 0;
  virtual void exchange_ended() = 0;
  virtual void gone(std::uint32_t slot) = 0;  // may be said from inside any callback
};

class ServerConnection final : private WireHandler {
 public:
  ServerConnection(ConnectionHost& host, std::unique_ptr<Wire> wire, std::uint32_t slot,
                   std::uint32_t generation);
  ~ServerConnection() override;
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  [[nodiscard]] bool awaits(const ExchangeId& exchange) const {
    return exchange_open_ && exchange == id();
  }
  void respond(Response response);
  void begin_stream(Response head);
  bool stream(std::string_view bytes);
  void end_stream();
  void drain();

 private:
  enum class Phase : std::uint8_t { kReading, kHandling, kStreaming, kLingering, kGone };

  void on_bytes(std::string_view bytes) override;
  void on_drained() override;
  void on_eof() override;
  void on_closed(const Error& why) override;
  void on_timer();

  void keep(std::string_view bytes);
  void process(std::string_view bytes);
  void process_kept();
  void on_head();
  void on_message();
  [[nodiscard]] std::optional<Error> refuse_head() const;
  [[nodiscard]] bool account_body();
  void refuse(const Error& error);
  void write_response(Response response);
  void finish_response();
  void await_next();
  void linger();
  void end();
  void close_exchange();
  void arm(Duration within);
  void arm_for_reading();
  [[nodiscard]] ExchangeId id() const { return {slot_, generation_, request_}; }
  [[nodiscard]] Connection connection_after() const;

  ConnectionHost& host_;
  std::unique_ptr<Wire> wire_;
  const std::uint32_t slot_;
  const std::uint32_t generation_;
  std::uint32_t request_ = 0;
  Phase phase_ = Phase::kReading;
  bool processing_ = false;     // process() is on the stack
  bool exchange_open_ = false;  // handed up, not yet answered
  bool head_seen_ = false;
  bool close_after_ = false;
  bool peer_done_ = false;  // it has shut down its side
  bool paused_ = false;
  bool head_only_ = false;        // HEAD: the answer's body stays here
  std::optional<Error> refused_;  // to be said when the request has been read to its end
  Framing stream_framing_ = Framing::kChunked;
  std::size_t body_accounted_ = 0;
  std::size_t discarded_ = 0;
  std::size_t output_seen_ = 0;  // when the timer was armed
  std::string kept_;             // received, not yet parsed
  Parser parser_;
  Timer timer_ = timer_for<&ServerConnection::on_timer>(this);
};

}  // namespace convoke::http
