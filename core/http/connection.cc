#include "core/http/connection.h"

#include <algorithm>
#include <utility>

namespace convoke::http {
namespace {

// Received while a request is being handled; beyond, reading pauses until it is answered.
constexpr std::size_t kHeldMax = 64 * 1024;
// The body of a refused request is read up to here, so that the connection can live on; beyond, the
// refusal is the connection's last answer.
constexpr std::uint64_t kRefusedBodyMax = 64 * 1024;
// How long, and how much, a client whose last answer has left is listened to: enough to send the
// rest of the largest body there is before it looks for an answer.
constexpr Duration kLingerMax = Seconds{2};
// The same for one that was closed between two requests: what crosses the close.
constexpr Duration kUnaskedLingerMax = Millis{250};
constexpr std::size_t kLingerBytesMax = 64UL << 20;
// How often it is seen whether the last answer has left; who takes none of it is cut as stalled.
constexpr Duration kFlushLook = Millis{10};
// Bodies up to here are copied behind their head: one buffer is cheaper to send than two.
constexpr std::size_t kJoinedBodyMax = 16 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Error no_room_for_bodies() {
  return {ErrorCode::kServiceUnavailable,
          "the engine holds as many bytes of requests as it may: try again later", Seconds{1}};
}

bool asks_to_continue(const Headers& headers) {
  return equal_ignoring_case(headers.get("Expect"), "100-continue");
}

ParserLimits parser_limits(const ServerLimits& limits) {
  return {limits.head_bytes_max, limits.target_bytes_max, limits.headers_max};
}

}  // namespace

ServerConnection::ServerConnection(ConnectionHost& host, std::unique_ptr<Wire> wire,
                                   std::uint32_t slot, std::uint32_t generation)
    : host_(host),
      wire_(std::move(wire)),
      slot_(slot),
      generation_(generation),
      parser_(Parser::Kind::kRequest, parser_limits(host.limits)),
      stall_(host.wheel, host.clock, host.limits.write_stall_max, this,
             [](void* self) { static_cast<ServerConnection*>(self)->end(); }) {
  wire_->attach(*this);
  watch_input();
}

// ---- reading ----

void ServerConnection::on_bytes(std::string_view bytes) {
  if (phase_ == Phase::kLingering) {
    discarded_ += bytes.size();
    if (discarded_ > kLingerBytesMax) end();
    return;
  }
  if (held_.empty() && may_parse()) bytes.remove_prefix(parse(bytes));
  hold(bytes);
  watch_input();
}

bool ServerConnection::may_parse() const {
  return phase_ == Phase::kReading && !output_full_ && !parsing_;
}

// Whatever held parsing up has passed.
void ServerConnection::go_on() {
  if (!may_parse()) return;
  if (!held_.empty()) {
    const std::string bytes = std::exchange(held_, {});
    hold(std::string_view(bytes).substr(parse(bytes)));
  }
  if (reading_paused_ && held_.size() < kHeldMax && phase_ != Phase::kGone) {
    reading_paused_ = false;
    wire_->resume_reading();
  }
  if (may_parse() && input_ended_) return on_input_end();
  watch_input();
}

std::size_t ServerConnection::parse(std::string_view bytes) {
  parsing_ = true;
  std::size_t consumed = 0;
  bool more = !bytes.empty();
  while (more && phase_ == Phase::kReading && !output_full_) {
    const Parser::Step step = parser_.advance(bytes.substr(consumed));
    consumed += step.consumed;
    if (count_body()) {
      take(step.event);
    } else {
      refuse(no_room_for_bodies());
    }
    more = step.event == Parser::Event::kHead || consumed < bytes.size();
  }
  parsing_ = false;
  return consumed;
}

void ServerConnection::take(Parser::Event event) {
  switch (event) {
    case Parser::Event::kNeedMore:
      return;
    case Parser::Event::kHead:
      return on_head();
    case Parser::Event::kMessage:
      return refused_ ? on_refused_message() : on_message();
    case Parser::Event::kBodyTooLarge:
      return refuse(refused_ ? *refused_ : body_too_large(parser_.body_max()));
    case Parser::Event::kBad:
      return refuse({ErrorCode::kInvalidArgument, parser_.error()});
  }
}

void ServerConnection::on_head() {
  const RequestHead& head = parser_.head();
  last_request_ = !parser_.keep_alive();
  head_only_ = head.method == "HEAD";
  http_1_0_ = parser_.http_1_0();
  const bool to_continue = parser_.has_body() && !http_1_0_ && asks_to_continue(head.headers);
  const Result<std::size_t> body_max = host_.handler.on_head(head);
  if (!body_max) {
    if (to_continue || parser_.content_length() > kRefusedBodyMax) return refuse(body_max.error());
    refused_ = body_max.error();
    return parser_.set_body_max(kRefusedBodyMax);
  }
  if (!parser_.chunked() && parser_.content_length() > *body_max) {
    return refuse(body_too_large(*body_max));
  }
  if (parser_.content_length() > host_.limits.body_bytes_in_flight_max - host_.body_bytes) {
    return refuse(no_room_for_bodies());
  }
  parser_.set_body_max(*body_max);
  if (to_continue) write_out(std::string(kContinue));
}

// False when the shard holds too much.
bool ServerConnection::count_body() {
  const std::size_t grown = parser_.body().size() - body_bytes_;
  if (grown > host_.limits.body_bytes_in_flight_max - host_.body_bytes) return false;
  host_.body_bytes += grown;
  body_bytes_ += grown;
  return true;
}

void ServerConnection::release_body() { host_.body_bytes -= std::exchange(body_bytes_, 0); }

void ServerConnection::on_message() {
  phase_ = Phase::kHandling;
  waiting_ = Waiting::kForNobody;
  ++host_.exchanges;
  Request request{std::move(parser_.head()), std::move(parser_.body())};
  parser_.next_message();
  host_.handler.on_request(id(), std::move(request));
}

void ServerConnection::on_refused_message() {
  const Error error = *std::exchange(refused_, std::nullopt);
  parser_.next_message();
  release_body();
  answer(error_response(error, host_.handler.new_request_id()));
  if (last_request_) return linger();
  await_next();
}

// Nothing more will come, and all that came has been parsed.
void ServerConnection::on_input_end() {
  if (!parser_.begun()) return hang_up();
  refuse({ErrorCode::kInvalidArgument, "the connection ended in the middle of the request"});
}

void ServerConnection::hold(std::string_view bytes) {
  if (phase_ == Phase::kLingering || phase_ == Phase::kGone) return;
  held_ += bytes;
  if (held_.size() < kHeldMax || reading_paused_) return;
  reading_paused_ = true;
  wire_->pause_reading();
}

// The time for a head runs from its first byte to its last; that for a body from its latest byte.
void ServerConnection::watch_input() {
  if (!may_parse()) return;
  if (parser_.in_body()) return wait(Waiting::kForBody, host_.limits.body_idle_max);
  if (parser_.begun()) {
    if (waiting_ != Waiting::kForHead) wait(Waiting::kForHead, host_.limits.head_read_max);
    return;
  }
  if (waiting_ != Waiting::kForRequest) wait(Waiting::kForRequest, request_wait_max());
}

Duration ServerConnection::request_wait_max() const {
  if (!host_.draining) return host_.limits.keep_alive_idle_max;
  return request_ == 0 ? host_.limits.drain_first_max : host_.limits.drain_next_max;
}

// ---- answering ----

void ServerConnection::respond(Response response) {
  ENSURE(phase_ == Phase::kHandling);
  answer(std::move(response));
  finish_exchange();
}

Persistence ServerConnection::decide_persistence() {
  const bool all_asked = input_ended_ && held_.empty() && !parsing_;
  last_request_ = last_request_ || host_.draining || all_asked;
  if (last_request_) return Persistence::kClose;
  return http_1_0_ ? Persistence::kKeepAliveSaid : Persistence::kKeepAlive;
}

void ServerConnection::answer(Response response) {
  ENSURE(response.status >= 200);
  const bool with_body = may_have_body(response.status) && !head_only_ && !response.body.empty();
  const bool joined = with_body && response.body.size() <= kJoinedBodyMax;
  ResponseFrame frame;
  frame.persistence = decide_persistence();
  frame.length = response.body.size();
  frame.room = joined ? response.body.size() : 0;
  std::string bytes = write_response_head(response, frame, host_.date.at(host_.clock.wall()));
  if (joined) bytes += response.body;
  write_out(std::move(bytes));
  if (with_body && !joined) write_out(std::move(response.body));
}

// The connection's last answer: what the client still sends is not parsed any more.
void ServerConnection::refuse(const Error& error) {
  last_request_ = true;
  release_body();
  answer(error_response(error, host_.handler.new_request_id()));
  linger();
}

void ServerConnection::begin_stream(Response head) {
  ENSURE(phase_ == Phase::kHandling && head.status >= 200);
  phase_ = Phase::kStreaming;
  head_only_ = head_only_ || !may_have_body(head.status);
  last_request_ = last_request_ || http_1_0_;
  stream_framing_ = http_1_0_ ? Framing::kUntilClose : Framing::kChunked;
  ResponseFrame frame;
  frame.framing = may_have_body(head.status) ? stream_framing_ : Framing::kUntilClose;
  frame.persistence = decide_persistence();
  write_out(write_response_head(head, frame, host_.date.at(host_.clock.wall())));
}

bool ServerConnection::stream(std::string_view bytes) {
  ENSURE(phase_ == Phase::kStreaming);
  if (!head_only_ && !bytes.empty()) {
    write_out(stream_framing_ == Framing::kChunked ? write_chunk(bytes) : std::string(bytes));
  }
  return !output_full_;
}

void ServerConnection::end_stream() {
  ENSURE(phase_ == Phase::kStreaming);
  if (!head_only_ && stream_framing_ == Framing::kChunked) write_out(std::string(kLastChunk));
  finish_exchange();
}

void ServerConnection::finish_exchange() {
  --host_.exchanges;
  ++request_;
  release_body();
  if (last_request_) return linger();
  await_next();
  go_on();
}

void ServerConnection::await_next() {
  phase_ = Phase::kReading;
  waiting_ = Waiting::kForNobody;
  head_only_ = http_1_0_ = false;
}

void ServerConnection::write_out(std::string bytes) {
  const std::size_t size = bytes.size();
  wire_->write(std::move(bytes));
  stall_.wrote(*wire_, size);
  if (wire_->buffered() > Wire::kOutputHigh) output_full_ = true;
}

void ServerConnection::on_drained() {
  if (!std::exchange(output_full_, false)) return;
  if (phase_ == Phase::kStreaming) return host_.handler.on_stream_ready(id());
  go_on();
}

// ---- ending ----

// A request may be under way: closing at once would leave it unanswered, or reset the connection.
void ServerConnection::drain() {
  if (waiting_ == Waiting::kForRequest) waiting_ = Waiting::kForNobody;
  watch_input();
}

void ServerConnection::on_eof() {
  input_ended_ = true;
  if (phase_ == Phase::kLingering && wire_->buffered() == 0) return end();
  go_on();
}

void ServerConnection::on_closed(const Error& /*why*/) { end(); }

// What was answered still leaves.
void ServerConnection::hang_up() {
  if (wire_->buffered() == 0) return end();
  linger();
}

void ServerConnection::linger() {
  phase_ = Phase::kLingering;
  held_ = {};
  if (std::exchange(reading_paused_, false)) wire_->resume_reading();
  wire_->shutdown();
  wait(Waiting::kForClose, kFlushLook);
}

void ServerConnection::on_linger() {
  if (wire_->buffered() > 0) return wait(Waiting::kForClose, kFlushLook);
  if (input_ended_ || flushed_) return end();
  flushed_ = true;
  wait(Waiting::kForClose, host_.draining && !last_request_ ? kUnaskedLingerMax : kLingerMax);
}

void ServerConnection::end() {
  if (phase_ == Phase::kGone) return;
  const bool open = exchange_open();
  const ExchangeId exchange = id();
  phase_ = Phase::kGone;
  if (open) --host_.exchanges;
  release_body();
  input_timer_.cancel();
  stall_.stop();
  wire_.reset();
  host_.gone(slot_);
  if (open) host_.handler.on_gone(exchange);
}

// The timer is left where it is while it is set for no later than needed: most of the time it
// finds that there is nothing to do yet.
void ServerConnection::wait(Waiting what, Duration at_most) {
  waiting_ = what;
  deadline_ = host_.clock.now() + at_most;
  if (input_timer_.scheduled() && input_timer_.due() <= deadline_) return;
  host_.wheel.schedule(input_timer_, deadline_);
}

void ServerConnection::on_input_timer() {
  if (waiting_ == Waiting::kForNobody) return;
  if (host_.clock.now() < deadline_) return host_.wheel.schedule(input_timer_, deadline_);
  if (waiting_ == Waiting::kForClose) return on_linger();
  // One that crosses our close meets an end, not a reset.
  if (waiting_ == Waiting::kForRequest && host_.draining) return linger();
  hang_up();
}

}  // namespace convoke::http
