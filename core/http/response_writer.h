// A response as bytes. Pure.
#pragma once

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
enum class Connection : std::uint8_t {
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

// Status line, headers and the empty line, without the body. For kLength, `length` is the body's.
[[nodiscard]] std::string write_head(const Response& response, Framing framing, std::size_t length,
                                     Connection connection, std::string_view date_line);
// One chunk; empty bytes are no chunk, since that would end the body.
[[nodiscard]] std::string write_chunk(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// 1xx, 204 and 304 have no body and no length.
[[nodiscard]] constexpr bool may_have_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace convoke::http
