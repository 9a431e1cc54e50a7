// An HTTP/1.1 client connection: one request at a time, kept alive between them.
//
// Threads: one shard's. Callbacks never run from inside a call made here. Destroying the client
// closes the connection and promises silence.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/edge/wires.h"
#include "core/http/message.h"

namespace convoke::http {

struct ClientLimits {
  std::size_t head_bytes_max = 8 * 1024;  // beyond, or malformed: BadResponse
  std::size_t body_bytes_max = 32UL << 20;
};

enum class ClientFailure : std::uint8_t {
  kNotSent,      // no byte of the request reached the peer: the connection was never made, or was
                 // over before any had left
  kStale,        // a kept-alive connection closed before any byte of this answer: the peer may or
                 // may not have seen the request
  kBroken,       // closed or reset in the middle of the answer
  kBadResponse,  // not HTTP, or beyond the limits; the connection is closed
};

class ClientHandler {
 public:
  virtual ~ClientHandler() = default;
  // Exactly one of these for each send().
  virtual void on_response(Response response) = 0;
  virtual void on_failure(ClientFailure failure, const std::string& detail) = 0;
};

// Does not time out by itself: who sends, knows the deadline.
class Client {
 public:
  // Connects when the first request is sent, and again after the peer closed between requests.
  Client(Wires& wires, Address to, const ClientLimits& limits, ClientHandler& handler);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Not while busy(). `head` without Content-Length, Connection: set here. So is Host, unless it
  // is the first of the headers.
  void send(const RequestHead& head, std::string_view body);
  [[nodiscard]] bool busy() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace convoke::http
