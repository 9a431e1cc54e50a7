// An HTTP/1.1 server on one shard: connections in, requests to a handler, responses out in order.
//
// Keep-alive, pipelining (requests of one connection are handed up one after the other: the next
// when the last was answered), chunked bodies both ways, Expect: 100-continue. Reading from a
// connection pauses while its request is being handled, or while its peer does not take the
// responses; so memory per connection is bounded by limits below.
//
// Threads: one per shard, on its thread. An exchange is named by a value, not by a pointer: an
// answer to one whose client has gone is dropped, whatever the handler still holds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/instant.h"

namespace convoke::http {

// What a client may send. Above: 400 (InvalidArgument; EntityTooLarge for the body), or 408-like
// silence ended by a close, as each says.
struct ServerLimits {
  std::size_t head_bytes_max = 8 * 1024;    // all header lines; FC: 8 KB
  std::size_t target_bytes_max = 4 * 1024;  // FC: 4 KB
  std::size_t headers_max = 100;            // number of header lines (ours)
  std::size_t connections_max = 20'000;     // per shard; beyond: accepted and closed at once
  std::size_t body_bytes_in_flight_max = 1UL << 30;  // per shard, all requests; beyond: 503
  Duration head_read_max = Seconds{10};        // first byte of a request to end of its head: close
  Duration body_idle_max = Seconds{30};        // no byte of a body for so long: close
  Duration keep_alive_idle_max = Seconds{75};  // between requests: close
  Duration write_stall_max = Seconds{60};      // the peer takes no byte of a response: close
  // While the server drains: the wait for a request that may be under way, then close.
  Duration drain_first_max = Seconds{2};  // a connection's first
  Duration drain_next_max = Millis{250};  // a later one
};

// Names one request awaiting its response. Unique for the life of the server.
struct ExchangeId {
  std::uint32_t connection = 0;  // slot
  std::uint32_t generation = 0;  // of the slot
  std::uint32_t request = 0;     // on the connection
  friend bool operator==(const ExchangeId&, const ExchangeId&) = default;
};

struct HashExchange {
  std::size_t operator()(const ExchangeId& exchange) const noexcept {
    return (std::size_t{exchange.connection} << 32) ^ exchange.request;
  }
};

class Handler {
 public:
  virtual ~Handler() = default;
  // The head is complete: how many body bytes to accept (more: 400 EntityTooLarge naming that
  // number), or an error to answer at once. Called before 100-continue is sent.
  virtual Result<std::size_t> on_head(const RequestHead& head) = 0;
  // Exactly one respond() (or begin_stream .. end_stream) must follow, now or in a later turn.
  virtual void on_request(ExchangeId exchange, Request request) = 0;
  // The client has gone before its answer: nothing needs to be answered any more.
  virtual void on_gone(ExchangeId exchange) = 0;
  // A stream that was held back may go on.
  virtual void on_stream_ready(ExchangeId exchange) { (void)exchange; }
  // For errors that the server itself finds (malformed request, limits): a new X-Fc-Request-Id.
  virtual std::string new_request_id() = 0;
};

class Server final : public AcceptHandler {
 public:
  Server(Wires& wires, TimerWheel& wheel, const Clock& clock, const ServerLimits& limits,
         Handler& handler);
  ~Server() override;  // closes every connection

  Result<void> listen(const Address& at);
  // One more, made for this server as its handler.
  void listen(std::unique_ptr<Listener> listener);
  [[nodiscard]] Address local_address() const;  // the first listener's

  void respond(ExchangeId exchange, Response response);

  // A response whose length is not known: sent with Transfer-Encoding: chunked (to an HTTP/1.0
  // client: until close). stream() returns false when the peer is slow (more than Wire::kOutputHigh
  // buffered): hold back until on_stream_ready. Calls on a gone exchange do nothing.
  void begin_stream(ExchangeId exchange, Response head);
  bool stream(ExchangeId exchange, std::string_view bytes);
  void end_stream(ExchangeId exchange);

  // No new connections, but for those that wait to be accepted if they are to be answered. Each
  // connection is answered once more at most, with Connection: close: what it has asked already, or
  // asks within the times for that in ServerLimits.
  void drain(Unaccepted unaccepted);
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t exchanges_open() const;  // handed up, not yet answered

  void on_accept(std::unique_ptr<Wire> wire) override;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace convoke::http
