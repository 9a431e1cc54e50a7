#include "core/http/client.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/http/parser.h"
#include "core/http/writer.h"

namespace convoke::http {
namespace {

// A status line's; a response's headers are bounded by their bytes alone.
constexpr std::size_t kStatusLineMax = 1024;
// Bodies up to here are copied behind their head: one buffer is cheaper to send than two.
constexpr std::size_t kJoinedBodyMax = 16 * 1024;

ParserLimits parser_limits(const ClientLimits& limits) {
  return {limits.head_bytes_max, kStatusLineMax, limits.head_bytes_max};
}

}  // namespace

// The life of one send(): the wire is there or is being made; bytes come back; one callback ends
// it. The callback is always the last thing done, since it may destroy the client.
struct Client::Implementation final : WireHandler {
  Implementation(Wires& its_wires, Address its_address, const ClientLimits& its_limits,
                 ClientHandler& its_handler)
      : wires(its_wires),
        address(std::move(its_address)),
        host(address.kind == Address::Kind::kUnix ? "localhost" : address.text()),
        limits(its_limits),
        handler(its_handler) {}

  void send(const RequestHead& head, std::string_view body) {
    ENSURE(!busy);
    busy = true;
    answer_begun = false;
    if (!wire) connect();
    head_only = head.method == "HEAD";
    parser->expect_no_body(head_only);
    const bool joined = body.size() <= kJoinedBodyMax;
    std::string bytes = write_request_head(head, host, body.size(), joined ? body.size() : 0);
    if (joined) bytes += body;
    request_bytes = bytes.size() + (joined ? 0 : body.size());
    wire->write(std::move(bytes));
    if (!joined) wire->write(std::string(body));
  }

  void connect() {
    connected = reused = false;
    parser.emplace(Parser::Kind::kResponse, parser_limits(limits));
    wire = wires.connect(address, *this);
  }

  void on_connected() override { connected = true; }

  void on_bytes(std::string_view bytes) override {
    // Nobody asked: whatever this peer speaks, it is not what we think.
    if (!busy) return wire.reset();
    answer_begun = true;
    bool more = true;
    while (more) {
      const Parser::Step step = parser->advance(bytes);
      bytes.remove_prefix(step.consumed);
      switch (step.event) {
        case Parser::Event::kNeedMore:
          return;
        case Parser::Event::kHead:
          if (!take_head()) return fail_as_too_large();
          break;
        case Parser::Event::kMessage:
          if (parser->status() >= 200) return take_message(bytes.empty());
          parser->next_message();  // 100 Continue and its like announce the real one
          more = !bytes.empty();
          break;
        case Parser::Event::kBodyTooLarge:
          return fail_as_too_large();
        case Parser::Event::kBad:
          return fail(ClientFailure::kBadResponse, parser->error());
      }
    }
  }

  // False: the body will be too large.
  bool take_head() {
    if (!head_only && may_have_body(parser->status()) && !parser->chunked() &&
        parser->declares_length() && parser->content_length() > limits.body_bytes_max) {
      return false;
    }
    parser->set_body_max(limits.body_bytes_max);
    return true;
  }

  // Kept for the next request only if nothing is left over on either side.
  void take_message(bool all_read) {
    Response response{parser->status(), std::move(parser->head().headers),
                      std::move(parser->body())};
    busy = false;
    reused = true;
    if (parser->keep_alive() && all_read && wire->buffered() == 0) {
      parser->next_message();
    } else {
      wire.reset();
    }
    handler.on_response(std::move(response));
  }

  void on_eof() override {
    if (!busy) return wire.reset();
    const bool ends_body = answer_begun && parser->finish() == Parser::Event::kMessage;
    if (ends_body && parser->status() >= 200) return take_message(true);
    lose("the connection was closed before the answer was complete");
  }

  void on_closed(const Error& why) override {
    if (!busy) return wire.reset();
    lose(why.message);
  }

  void lose(const std::string& detail) {
    const bool sent = connected && wire->never_read() < request_bytes;
    if (!sent) return fail(ClientFailure::kNotSent, detail);
    if (reused && !answer_begun) return fail(ClientFailure::kStale, detail);
    fail(ClientFailure::kBroken, detail);
  }

  void fail_as_too_large() {
    fail(ClientFailure::kBadResponse,
         fmt::format("the body of the answer is larger than {} bytes", limits.body_bytes_max));
  }

  void fail(ClientFailure failure, std::string detail) {
    busy = false;
    wire.reset();
    handler.on_failure(failure, detail);
  }

  Wires& wires;
  const Address address;
  const std::string host;
  const ClientLimits limits;
  ClientHandler& handler;
  std::optional<Parser> parser;  // of this connection
  std::size_t request_bytes = 0;
  bool busy = false;
  bool head_only = false;  // the request is a HEAD
  bool connected = false;
  bool reused = false;        // this connection has carried an answer before
  bool answer_begun = false;  // a byte of it has come
  std::unique_ptr<Wire> wire;
};

Client::Client(Wires& wires, Address to, const ClientLimits& limits, ClientHandler& handler)
    : implementation_(std::make_unique<Implementation>(wires, std::move(to), limits, handler)) {}

Client::~Client() = default;

void Client::send(const RequestHead& head, std::string_view body) {
  implementation_->send(head, body);
}

bool Client::busy() const { return implementation_->busy; }

}  // namespace convoke::http
