// Bytes to HTTP messages, over llhttp: one message after the other, every limit held.
//
// Pure. The parser stops at each event, so that the caller can decide (how large a body may be,
// whether to go on) before another byte is looked at. The events depend on the bytes alone, never
// on the pieces in which they came.
//
// Stricter than llhttp where leniency has let requests be smuggled: no folded lines, no bare line
// feeds in a head, no transfer coding but "chunked", one Host; see head_scan.h, request_rules.h.
// `Upgrade` is ignored, as HTTP allows: such a request is answered as the HTTP/1.1 that it is.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/http/head_scan.h"
#include "core/http/message.h"

namespace convoke::http {

class Parser {
 public:
  enum class Kind : std::uint8_t { kRequest, kResponse };
  enum class Event : std::uint8_t {
    kNeedMore,      // all bytes are consumed
    kHead,          // method, target or status, and headers are complete
    kMessage,       // the body is complete too; the next bytes belong to the next message
    kBodyTooLarge,  // beyond the caller's limit; nothing more will be parsed
    kBad,           // not HTTP, or beyond a limit: error() says which; nothing more will be parsed
  };
  struct Step {
    Event event;
    std::size_t consumed;
  };

  Parser(Kind kind, const ParserLimits& limits);
  Parser(const Parser&) = delete;  // llhttp holds our address
  Parser& operator=(const Parser&) = delete;

  // After kHead to be called again even if no byte is left: the message may be complete.
  [[nodiscard]] Step advance(std::string_view bytes);
  // The peer closed: kMessage when that is how this response ends, kBad if a message was under way,
  // else kNeedMore.
  [[nodiscard]] Event finish();
  // After kMessage, when the message's parts have been taken: makes ready for the next one.
  void next_message();

  // Before the head of a response: it answers HEAD, so that no body follows whatever it says.
  void expect_no_body(bool none) { no_body_ = none; }
  // After kHead.
  void set_body_max(std::size_t bytes);
  [[nodiscard]] std::size_t body_max() const { return body_max_; }
  [[nodiscard]] RequestHead& head() { return head_; }  // of a response: the headers alone
  [[nodiscard]] std::string& body() { return body_; }
  [[nodiscard]] int status() const { return parser_.status_code; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] bool http_1_0() const { return parser_.http_minor == 0; }
  [[nodiscard]] bool chunked() const { return (parser_.flags & F_CHUNKED) != 0; }
  [[nodiscard]] bool declares_length() const { return (parser_.flags & F_CONTENT_LENGTH) != 0; }
  // As declared; 0 when it is chunked or there is none. Right after kHead only.
  [[nodiscard]] std::uint64_t content_length() const { return parser_.content_length; }
  [[nodiscard]] bool has_body() const { return chunked() || content_length() > 0; }

  [[nodiscard]] bool begun() const { return !in_head_ || scan_.begun(); }  // a message, that is
  [[nodiscard]] bool in_body() const { return !in_head_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  static const llhttp_settings_t& settings();
  static Parser& of(llhttp_t* parser) { return *static_cast<Parser*>(parser->data); }
  static int on_url(llhttp_t* parser, const char* at, std::size_t size);
  static int on_field(llhttp_t* parser, const char* at, std::size_t size);
  static int on_value(llhttp_t* parser, const char* at, std::size_t size);
  static int on_value_complete(llhttp_t* parser);
  static int on_head_complete(llhttp_t* parser);
  static int on_body(llhttp_t* parser, const char* at, std::size_t size);
  static int on_chunk_extension(llhttp_t* parser, const char* at, std::size_t size);
  static int on_chunk(llhttp_t* parser);
  static int on_message_complete(llhttp_t* parser);

  [[nodiscard]] Step read(std::string_view bytes);
  [[nodiscard]] int judge_head();
  [[nodiscard]] int judge_coding();
  [[nodiscard]] int count_beside_body(std::size_t bytes);
  int refuse(std::string why);
  [[nodiscard]] Step failed(std::size_t consumed);
  [[nodiscard]] std::string explain(llhttp_errno_t status) const;
  [[nodiscard]] std::string explain(HeadScan::Verdict verdict) const;

  llhttp_t parser_{};
  const ParserLimits limits_;
  HeadScan scan_;
  RequestHead head_;
  Header header_;  // the one being read
  std::string body_;
  std::size_t body_max_ = std::numeric_limits<std::size_t>::max();
  std::size_t beside_body_ = 0;  // bytes of trailers and chunk extensions
  std::string error_;
  Event pending_ = Event::kNeedMore;
  bool in_head_ = true;
  bool keep_alive_ = false;
  bool no_body_ = false;
};

}  // namespace convoke::http
