#include "core/http/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace convoke::http {
namespace {

// Pipelined bytes held while a request is being handled. Reading goes on until then, so that a
// client's going away is noticed.
constexpr std::size_t kKeptMax = 64 * 1024;
// A refused request's body is read and thrown away up to here, and the connection lives on; beyond,
// the answer is followed by a close.
constexpr std::uint64_t kDiscardMax = 64 * 1024;
// How long, and how much, a closing connection is listened to.
constexpr Duration kLingerMax = Seconds{2};
constexpr std::size_t kLingerBytesMax = 1UL << 20;
// Bodies up to here are copied behind their heads, into one buffer.
constexpr std::size_t kInlineBodyMax = 16 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Error too_large(std::size_t bytes) {
  return Error{ErrorCode::kEntityTooLarge,
               fmt::format("payload size exceeds maximum allowed size ({} bytes)", bytes)};
}

Error no_room_for_bodies() {
  return Error{ErrorCode::kServiceUnavailable,
               "the engine holds as many request bytes as it may: try again", Seconds{1}};
}

}  // namespace

ServerConnection::ServerConnection(ConnectionHost& host, std::unique_ptr<Wire> wire,
                                   std::uint32_t slot, std::uint32_t generation)
    : host_(host),
      wire_(std::move(wire)),
      slot_(slot),
      generation_(generation),
      parser_(Parser::Kind::kRequest, host.parser_limits()) {
  wire_->attach(*this);
  arm(host_.limits().head_read_max);
}

ServerConnection::~ServerConnection() { close_exchange(); }

// ---- reading ----

void ServerConnection::on_bytes(std::string_view bytes) {
  switch (phase_) {
    case Phase::kReading:
      if (processing_ || !kept_.empty()) return keep(bytes);
      return process(bytes);
    case Phase::kHandling:
    case Phase::kStreaming:
      return keep(bytes);
    case Phase::kLingering:
      discarded_ += bytes.size();
      if (discarded_ > kLingerBytesMax) end();
      return;
    case Phase::kGone:
      return;
  }
}

void ServerConnection::keep(std::string_view bytes) {
  kept_ += bytes;
  if (kept_.size() < kKeptMax || paused_) return;
  paused_ = true;
  wire_->pause_reading();
}

void ServerConnection::process_kept() {
  if (phase_ != Phase::kReading || processing_) return;
  if (wire_->buffered() > Wire::kOutputHigh) return;  // on_drained goes on
  const std::string bytes = std::exchange(kept_, {});
  if (paused_) {
    paused_ = false;
    wire_->resume_reading();
  }
  process(bytes);
  if (phase_ == Phase::kReading && peer_done_ && kept_.empty()) end();
}

void ServerConnection::process(std::string_view bytes) {
  processing_ = true;
  bool head_just_read = false;
  while ((!bytes.empty() || head_just_read) && phase_ == Phase::kReading) {
    const bool had_begun = parser_.begun();
    const Parser::Step step = parser_.advance(bytes);
    bytes.remove_prefix(step.consumed);
    head_just_read = step.event == Parser::Event::kHead;
    if (!had_begun && parser_.begun()) arm(host_.limits().head_read_max);
    if (step.event == Parser::Event::kHead) on_head();
    if (step.event == Parser::Event::kMessage) on_message();
    if (step.event == Parser::Event::kBodyTooLarge) {
      refuse(refused_ ? *refused_ : too_large(parser_.body_max()));
    }
    if (step.event == Parser::Event::kBad) {
      refuse(Error{ErrorCode::kInvalidArgument, parser_.error()});
    }
    if (phase_ != Phase::kReading || wire_->buffered() > Wire::kOutputHigh) break;
    if (!head_seen_) continue;
    if (!account_body())
      refuse(no_room_for_bodies());
    else
      arm(host_.limits().body_idle_max);
  }
  processing_ = false;
  const bool wants_rest =
      phase_ == Phase::kReading || phase_ == Phase::kHandling || phase_ == Phase::kStreaming;
  if (!bytes.empty() && wants_rest) keep(bytes);
}

std::optional<Error> ServerConnection::refuse_head() const {
  const RequestHead& head = parser_.head();
  if (parser_.upgrade() || head.method == "CONNECT") {
    return Error{ErrorCode::kInvalidArgument, "this server upgrades to no other protocol"};
  }
  if (!parser_.http_1_0() && head.headers.find("Host") == nullptr) {
    return Error{ErrorCode::kMissingRequiredHeader, "required HTTP header Host was not specified"};
  }
  const std::string_view expects = head.headers.get("Expect");
  if (!expects.empty() && !equal_ignoring_case(expects, "100-continue")) {
    return Error{ErrorCode::kInvalidArgument, "Expect: only 100-continue is understood"};
  }
  return std::nullopt;
}

void ServerConnection::on_head() {
  head_seen_ = true;
  head_only_ = parser_.head().method == "HEAD";
  close_after_ = !parser_.keep_alive();
  if (auto wrong = refuse_head()) {
    close_after_ = true;
    return refuse(*wrong);
  }
  const Result<std::size_t> body_max = host_.handler().on_head(parser_.head());
  if (!body_max) {
    // The client has yet to send the body: answer now if that is much, or if it waits to be asked.
    const bool waits = parser_.head().headers.find("Expect") != nullptr;
    if (waits || parser_.content_length() > kDiscardMax) return refuse(body_max.error());
    refused_ = body_max.error();
    return parser_.set_body_max(kDiscardMax);
  }
  if (parser_.content_length() > *body_max && !parser_.chunked()) {
    parser_.set_body_max(*body_max);
    return refuse(too_large(*body_max));
  }
  parser_.set_body_max(*body_max);
  if (parser_.has_body() && parser_.head().headers.find("Expect") != nullptr) {
    wire_->write(std::string(kContinue));
  }
}

bool ServerConnection::account_body() {
  const std::size_t held = parser_.body().size();
  if (held <= body_accounted_) return true;
  if (!host_.take_body_bytes(held - body_accounted_)) return false;
  body_accounted_ = held;
  return true;
}

void ServerConnection::on_message() {
  timer_.cancel();
  if (!account_body()) {
    refused_ = no_room_for_bodies();
  }
  close_after_ |= !parser_.keep_alive();
  if (refused_) {
    const Error error = *std::exchange(refused_, std::nullopt);
    return write_response(error_response(error, host_.handler().new_request_id()));
  }
  phase_ = Phase::kHandling;
  exchange_open_ = true;
  ++request_;
  host_.exchange_began();
  Request request{std::move(parser_.head()), std::move(parser_.body())};
  parser_.next_message();
  host_.handler().on_request(id(), std::move(request));
}

// Answers at once; what the client still sends of this request is not parsed any more.
void ServerConnection::refuse(const Error& error) {
  close_after_ = true;
  write_response(error_response(error, host_.handler().new_request_id()));
}

// ---- answering ----

Connection ServerConnection::connection_after() const {
  if (close_after_) return Connection::kClose;
  return parser_.http_1_0() ? Connection::kKeepAliveSaid : Connection::kKeepAlive;
}

void ServerConnection::respond(Response response) {
  close_exchange();
  write_response(std::move(response));
  process_kept();
}

void ServerConnection::write_response(Response response) {
  close_after_ |= host_.draining() || (peer_done_ && kept_.empty());
  const bool has_body = may_have_body(response.status);
  std::string head = write_head(response, Framing::kLength, response.body.size(),
                                connection_after(), host_.date_line());
  if (!has_body || head_only_ || response.body.empty()) {
    wire_->write(std::move(head));
  } else if (response.body.size() <= kInlineBodyMax) {
    wire_->write(std::move(head += response.body));
  } else {
    wire_->write(std::move(head));
    wire_->write(std::move(response.body));
  }
  finish_response();
}

void ServerConnection::begin_stream(Response head) {
  phase_ = Phase::kStreaming;
  close_after_ |= host_.draining() || peer_done_ || parser_.http_1_0();
  stream_framing_ = parser_.http_1_0() ? Framing::kUntilClose : Framing::kChunked;
  wire_->write(write_head(head, stream_framing_, 0, connection_after(), host_.date_line()));
  arm(host_.limits().write_stall_max);
}

bool ServerConnection::stream(std::string_view bytes) {
  if (!head_only_ && !bytes.empty()) {
    wire_->write(stream_framing_ == Framing::kChunked ? write_chunk(bytes) : std::string(bytes));
  }
  return wire_->buffered() <= Wire::kOutputHigh;
}

void ServerConnection::end_stream() {
  if (!head_only_ && stream_framing_ == Framing::kChunked) wire_->write(std::string(kLastChunk));
  close_exchange();
  finish_response();
  process_kept();
}

void ServerConnection::finish_response() {
  host_.give_body_bytes(std::exchange(body_accounted_, 0));
  if (close_after_) return linger();
  phase_ = Phase::kReading;
  await_next();
}

void ServerConnection::await_next() {
  // A request that was refused without being handed up still has its parts in the parser.
  if (head_seen_) parser_.next_message();
  head_seen_ = false;
  refused_.reset();
  arm(host_.limits().keep_alive_idle_max);
}

void ServerConnection::linger() {
  phase_ = Phase::kLingering;
  kept_ = {};
  if (paused_) {
    paused_ = false;
    wire_->resume_reading();
  }
  wire_->shutdown();
  if (peer_done_ && wire_->buffered() == 0) return end();
  arm(wire_->buffered() > 0 ? host_.limits().write_stall_max : kLingerMax);
}

void ServerConnection::on_drained() {
  if (phase_ == Phase::kStreaming) return host_.handler().on_stream_ready(id());
  if (phase_ == Phase::kReading) process_kept();
}

void ServerConnection::drain() {
  close_after_ = true;
  if (phase_ == Phase::kReading && !parser_.begun() && kept_.empty()) linger();
}

// ---- ending ----

void ServerConnection::on_eof() {
  peer_done_ = true;
  if (phase_ == Phase::kLingering) {
    if (wire_->buffered() == 0) end();
    return;
  }
  // What was asked before is still answered; half a request never will be.
  if (phase_ == Phase::kReading && kept_.empty()) {
    if (wire_->buffered() > 0) return linger();
    end();
  }
}

void ServerConnection::on_closed(const Error&) { end(); }

void ServerConnection::on_timer() {
  const std::size_t output = wire_->buffered();
  if (output > 0 && output < output_seen_) return arm(host_.limits().write_stall_max);
  if (phase_ == Phase::kStreaming && output == 0) return arm(host_.limits().write_stall_max);
  if (phase_ == Phase::kLingering && output == 0 && output_seen_ > 0) return arm(kLingerMax);
  end();
}

void ServerConnection::arm(Duration within) {
  output_seen_ = wire_->buffered();
  host_.wheel().schedule(timer_, host_.now() + within);
}

void ServerConnection::end() {
  if (phase_ == Phase::kGone) return;
  phase_ = Phase::kGone;
  timer_.cancel();
  const bool was_open = exchange_open_;
  const ExchangeId exchange = id();
  close_exchange();
  host_.give_body_bytes(std::exchange(body_accounted_, 0));
  wire_.reset();
  if (was_open) host_.handler().on_gone(exchange);
  host_.gone(slot_);
}

void ServerConnection::close_exchange() {
  if (!exchange_open_) return;
  exchange_open_ = false;
  host_.exchange_ended();
}

}  // namespace convoke::http
