// Messages as bytes. Pure.
//
// Header values may hold what a function or a client said: a byte that would end the line, or that
// may not stand in a header, is written as a blank; a header whose name is none is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/model/instant.h"

namespace convoke::http {

enum class Framing : std::uint8_t {
  kLength,      // Content-Length
  kChunked,     // Transfer-Encoding: chunked
  kUntilClose,  // an HTTP/1.0 client's stream
};
enum class Persistence : std::uint8_t {
  kKeepAlive,
  kKeepAliveSaid,  // an HTTP/1.0 client must be told
  kClose,
};

// "Date: ..." as a whole line, made once a second.
class DateLine {
 public:
  [[nodiscard]] std::string_view at(WallTime now);

 private:
  std::int64_t second_ = -1;
  std::string line_;
};

// 1xx, 204 and 304 have no body and no length.
[[nodiscard]] constexpr bool may_have_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

// Status line, headers and the empty line, with room for `room` more bytes. For kLength, `length`
// is the body's.
struct ResponseFrame {
  Framing framing = Framing::kLength;
  Persistence persistence = Persistence::kKeepAlive;
  std::size_t length = 0;
  std::size_t room = 0;
};
[[nodiscard]] std::string write_response_head(const Response& response, const ResponseFrame& frame,
                                              std::string_view date_line);

// Likewise, with Host and Content-Length; a GET without a body has none.
[[nodiscard]] std::string write_request_head(const RequestHead& head, std::string_view host,
                                             std::size_t length, std::size_t room);

// One chunk; empty bytes are no chunk, since that would end the body.
[[nodiscard]] std::string write_chunk(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace convoke::http
