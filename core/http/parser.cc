#include "core/http/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace convoke::http {
namespace {

// A declared length is a promise of the peer's, not a reason to set memory aside.
constexpr std::size_t kBodyReserveMax = 1UL << 20;

}  // namespace

Parser::Parser(Kind kind, const ParserLimits& limits) : limits_(limits) {
  llhttp_init(&parser_, kind == Kind::kRequest ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
  parser_.data = this;
}

const llhttp_settings_t& Parser::settings() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t made;
    llhttp_settings_init(&made);
    made.on_url = &Parser::on_url;
    made.on_header_field = &Parser::on_field;
    made.on_header_value = &Parser::on_value;
    made.on_header_value_complete = &Parser::on_value_complete;
    made.on_headers_complete = &Parser::on_head_complete;
    made.on_body = &Parser::on_body;
    made.on_message_complete = &Parser::on_message_complete;
    made.on_chunk_header = &Parser::on_chunk;
    return made;
  }();
  return kSettings;
}

Parser::Step Parser::advance(std::string_view bytes) {
  if (!error_.empty()) return {pending_, 0};
  if (bytes.empty() && pending_ != Event::kHead) return {Event::kNeedMore, 0};
  // Empty lines before a message are no message yet.
  if (!begun_ && bytes.find_first_not_of("\r\n") != std::string_view::npos) begun_ = true;
  pending_ = Event::kNeedMore;
  const bool was_in_head = in_head_;
  const llhttp_errno_t status = llhttp_execute(&parser_, bytes.data(), bytes.size());
  std::size_t consumed = bytes.size();
  if (status != HPE_OK) {
    const char* stopped = llhttp_get_error_pos(&parser_);
    consumed = stopped != nullptr ? static_cast<std::size_t>(stopped - bytes.data()) : 0;
  }
  if (status == HPE_PAUSED || status == HPE_PAUSED_UPGRADE) {
    llhttp_resume(&parser_);
  } else if (status != HPE_OK) {
    return failed(consumed);
  }
  if (was_in_head) count_head_bytes(consumed);
  if (!error_.empty()) return {pending_ = Event::kBad, consumed};
  return {pending_, consumed};
}

// Counted in whole, line ends and all: what a client may make us hold before we know what it wants.
void Parser::count_head_bytes(std::size_t consumed) {
  head_bytes_ += consumed;
  if (head_bytes_ > limits_.head_bytes_max + limits_.target_bytes_max) {
    refuse(fmt::format("the header is larger than {} bytes", limits_.head_bytes_max));
  }
}

Parser::Step Parser::failed(std::size_t consumed) {
  if (pending_ == Event::kBodyTooLarge) {
    error_ = "body too large";
    return {Event::kBodyTooLarge, consumed};
  }
  if (error_.empty()) {
    const char* reason = llhttp_get_error_reason(&parser_);
    error_ = fmt::format("not a valid HTTP/1.1 message: {}",
                         reason != nullptr && *reason != '\0'
                             ? reason
                             : llhttp_errno_name(llhttp_get_errno(&parser_)));
  }
  pending_ = Event::kBad;
  return {Event::kBad, consumed};
}

Parser::Event Parser::finish() {
  if (!error_.empty()) return Event::kBad;
  if (!begun_) return Event::kNeedMore;
  pending_ = Event::kNeedMore;
  const llhttp_errno_t status = llhttp_finish(&parser_);
  if (pending_ == Event::kMessage) {
    if (status == HPE_PAUSED) llhttp_resume(&parser_);
    return Event::kMessage;
  }
  error_ = "the connection ended in the middle of a message";
  return pending_ = Event::kBad;
}

void Parser::next_message() {
  head_ = RequestHead{};
  body_ = std::string();
  body_max_ = std::numeric_limits<std::size_t>::max();
  head_bytes_ = 0;
  begun_ = false;
  in_head_ = true;
}

int Parser::refuse(std::string why) {
  if (error_.empty()) error_ = std::move(why);
  return HPE_USER;
}

int Parser::on_url(llhttp_t* parser, const char* at, std::size_t size) {
  Parser& self = of(parser);
  self.head_.target.append(at, size);
  if (self.head_.target.size() <= self.limits_.target_bytes_max) return HPE_OK;
  return self.refuse(
      fmt::format("the path and query are longer than {} bytes", self.limits_.target_bytes_max));
}

int Parser::on_field(llhttp_t* parser, const char* at, std::size_t size) {
  Parser& self = of(parser);
  self.header_.name.append(at, size);
  if (self.header_.name.size() <= self.limits_.head_bytes_max) return HPE_OK;
  return self.refuse(
      fmt::format("the header is larger than {} bytes", self.limits_.head_bytes_max));
}

int Parser::on_value(llhttp_t* parser, const char* at, std::size_t size) {
  Parser& self = of(parser);
  self.header_.value.append(at, size);
  if (self.header_.value.size() <= self.limits_.head_bytes_max) return HPE_OK;
  return self.refuse(
      fmt::format("the header is larger than {} bytes", self.limits_.head_bytes_max));
}

int Parser::on_value_complete(llhttp_t* parser) {
  Parser& self = of(parser);
  if (!self.in_head_) {  // a trailer: nobody asked for it
    self.header_ = Header{};
    return HPE_OK;
  }
  if (self.head_.headers.size() >= self.limits_.headers_max) {
    return self.refuse(fmt::format("more than {} header lines", self.limits_.headers_max));
  }
  self.head_.headers.add(std::exchange(self.header_, Header{}));
  return HPE_OK;
}

int Parser::on_head_complete(llhttp_t* parser) {
  Parser& self = of(parser);
  std::size_t bytes = 0;
  for (const Header& header : self.head_.headers) {
    bytes += header.name.size() + header.value.size() + 4;  // ": " and the line's end
  }
  if (bytes > self.limits_.head_bytes_max) {
    return self.refuse(
        fmt::format("the header is larger than {} bytes", self.limits_.head_bytes_max));
  }
  if (parser->type == HTTP_REQUEST) {
    self.head_.method = llhttp_method_name(static_cast<llhttp_method_t>(parser->method));
  }
  self.in_head_ = false;
  self.keep_alive_ = llhttp_should_keep_alive(parser) != 0;
  self.pending_ = Event::kHead;
  if (!self.chunked() && (parser->flags & F_CONTENT_LENGTH) != 0) {
    self.body_.reserve(std::min<std::uint64_t>(parser->content_length, kBodyReserveMax));
  }
  return HPE_PAUSED;
}

int Parser::on_body(llhttp_t* parser, const char* at, std::size_t size) {
  Parser& self = of(parser);
  if (self.body_.size() + size > self.body_max_) {
    self.pending_ = Event::kBodyTooLarge;
    return HPE_USER;
  }
  self.body_.append(at, size);
  return HPE_OK;
}

// A peer that sends its body one byte a chunk makes us look, not hold.
int Parser::on_chunk(llhttp_t* parser) {
  Parser& self = of(parser);
  if (parser->content_length <= self.body_max_ - self.body_.size()) return HPE_OK;
  self.pending_ = Event::kBodyTooLarge;
  return HPE_USER;
}

int Parser::on_message_complete(llhttp_t* parser) {
  Parser& self = of(parser);
  self.pending_ = Event::kMessage;
  self.keep_alive_ = llhttp_should_keep_alive(parser) != 0;
  return HPE_PAUSED;
}

}  // namespace convoke::http
