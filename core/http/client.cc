#include "core/http/client.h"

#include <fmt/format.h>

#include <utility>

#include "core/http/parser.h"

namespace convoke::http {
namespace {

// Of one response; the number of header lines is bounded by their bytes.
constexpr std::size_t kHeadersMax = 200;

std::string write_request(const RequestHead& head, const std::string& host, std::string_view body) {
  std::string out;
  out.reserve(1024 + body.size());
  ((((out += head.method) += ' ') += head.target) += " HTTP/1.1\r\nHost: ") += host;
  out += "\r\n";
  for (const Header& header : head.headers) {
    (((out += header.name) += ": ") += header.value) += "\r\n";
  }
  fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n\r\n", body.size());
  return out += body;
}

}  // namespace

struct Client::Implementation final : WireHandler {
  Implementation(Wires& its_wires, Address its_address, const ClientLimits& its_limits,
                 ClientHandler& its_handler)
      : wires(its_wires),
        address(std::move(its_address)),
        host(address.kind == Address::Kind::kUnix ? "localhost" : address.text()),
        limits{its_limits.head_bytes_max, 0, kHeadersMax},
        body_bytes_max(its_limits.body_bytes_max),
        handler(its_handler) {}

  void send(const RequestHead& head, std::string_view body) {
    ENSURE(!busy);
    busy = true;
    request = write_request(head, host, body);
    answered_bytes = false;
    if (wire) return write();
    connected = false;
    reused = false;
    parser = std::make_unique<Parser>(Parser::Kind::kResponse, limits);
    wire = wires.connect(address, *this);
  }

  void write() { wire->write(std::exchange(request, {})); }

  void on_connected() override {
    connected = true;
    write();
  }

  void on_bytes(std::string_view bytes) override {
    // Nobody asked: whatever this peer speaks, it is not what we think.
    if (!busy) return drop();
    answered_bytes = true;
    bool head_just_read = false;
    while ((!bytes.empty() || head_just_read) && busy) {
      const Parser::Step step = parser->advance(bytes);
      bytes.remove_prefix(step.consumed);
      head_just_read = step.event == Parser::Event::kHead;
      switch (step.event) {
        case Parser::Event::kNeedMore:
          return;
        case Parser::Event::kHead:
          if (!take_head()) return;
          break;
        case Parser::Event::kMessage:
          return take_message(bytes);
        case Parser::Event::kBodyTooLarge:
          return fail(ClientFailure::kBadResponse,
                      fmt::format("the response is larger than {} bytes", body_bytes_max));
        case Parser::Event::kBad:
          return fail(ClientFailure::kBadResponse, parser->error());
      }
    }
  }

  bool take_head() {
    parser->set_body_max(body_bytes_max);
    if (!parser->upgrade()) return true;
    fail(ClientFailure::kBadResponse, "the peer switches to another protocol");
    return false;
  }

  void take_message(std::string_view rest) {
    if (parser->status() < 200) {  // 100 Continue and its like announce the real one
      parser->next_message();
      return on_bytes(rest);
    }
    Response response{parser->status(), std::move(parser->head().headers),
                      std::move(parser->body())};
    busy = false;
    reused = true;
    if (parser->keep_alive() && rest.empty()) {
      parser->next_message();
    } else {
      drop();
    }
    handler.on_response(std::move(response));
  }

  void on_eof() override {
    if (!busy) return drop();
    if (answered_bytes && parser->finish() == Parser::Event::kMessage) return take_message({});
    lose("the connection was closed before the response was complete");
  }

  void on_closed(const Error& why) override {
    if (!busy) return drop();
    lose(why.message);
  }

  void lose(const std::string& detail) {
    if (!connected) return fail(ClientFailure::kNotConnected, detail);
    if (reused && !answered_bytes) return fail(ClientFailure::kStale, detail);
    fail(ClientFailure::kBroken, detail);
  }

  void fail(ClientFailure failure, const std::string& detail) {
    busy = false;
    const std::string said = detail;  // it may live in the parser, which goes now
    drop();
    handler.on_failure(failure, said);
  }

  // The parser stays until the next connection: we may be inside one of its answers.
  void drop() { wire.reset(); }

  Wires& wires;
  const Address address;
  const std::string host;
  const ParserLimits limits;
  const std::size_t body_bytes_max;
  ClientHandler& handler;
  std::string request;
  std::unique_ptr<Parser> parser;
  bool busy = false;
  bool connected = false;
  bool reused = false;          // this connection has carried an answer before
  bool answered_bytes = false;  // a byte of this answer has come
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
