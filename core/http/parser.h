// Bytes to HTTP messages, over llhttp: one message after the other, every limit held.
//
// Pure. The parser stops at each event, so that the caller can decide (how large a body may be,
// whether to go on) before another byte is looked at.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/http/message.h"

namespace convoke::http {

struct ParserLimits {
  std::size_t head_bytes_max = 8 * 1024;
  std::size_t target_bytes_max = 4 * 1024;
  std::size_t headers_max = 100;
};

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

  // After kHead it must be called again, even without bytes: a message without a body is complete.
  [[nodiscard]] Step advance(std::string_view bytes);
  // The peer closed: kMessage when that is how this response ends, else kBad if one was under way.
  [[nodiscard]] Event finish();
  // Takes the message's parts and makes ready for the next one.
  void next_message();

  // After kHead.
  void set_body_max(std::size_t bytes) { body_max_ = bytes; }
  [[nodiscard]] std::size_t body_max() const { return body_max_; }
  [[nodiscard]] RequestHead& head() { return head_; }  // of a response: the headers alone
  [[nodiscard]] const RequestHead& head() const { return head_; }
  [[nodiscard]] std::string& body() { return body_; }
  [[nodiscard]] int status() const { return parser_.status_code; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] bool http_1_0() const { return parser_.http_major == 1 && parser_.http_minor == 0; }
  [[nodiscard]] bool upgrade() const { return parser_.upgrade != 0; }
  [[nodiscard]] bool chunked() const { return (parser_.flags & F_CHUNKED) != 0; }
  // Of the body still to come; 0 when it is chunked or there is none.
  [[nodiscard]] std::uint64_t content_length() const { return parser_.content_length; }
  [[nodiscard]] bool has_body() const { return chunked() || content_length() > 0; }

  [[nodiscard]] bool begun() const { return begun_; }  // a byte of this message has come
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
  static int on_message_complete(llhttp_t* parser);
  static int on_chunk(llhttp_t* parser);

  int refuse(std::string why);
  [[nodiscard]] Step failed(std::size_t consumed);
  void count_head_bytes(std::size_t consumed);

  llhttp_t parser_{};
  const ParserLimits& limits_;
  RequestHead head_;
  Header header_;  // the one being read
  std::string body_;
  std::size_t body_max_ = std::numeric_limits<std::size_t>::max();
  std::size_t head_bytes_ = 0;
  std::string error_;
  Event pending_ = Event::kNeedMore;
  bool begun_ = false;
  bool in_head_ = true;
  bool keep_alive_ = false;
};

}  // namespace convoke::http
