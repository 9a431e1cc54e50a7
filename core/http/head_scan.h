// Where a message's head ends, and whether its lines are lines: each ended by CR LF, none folded,
// all within limits. What the lines say is llhttp's to read.
//
// Pure. What is refused, and at which byte, depends on the bytes alone and never on the pieces in
// which they came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace convoke::http {

struct ParserLimits {
  std::size_t head_bytes_max = 8 * 1024;  // all header lines, with their line ends
  std::size_t target_bytes_max = 4 * 1024;
  std::size_t headers_max = 100;
};

class HeadScan {
 public:
  enum class Verdict : std::uint8_t {
    kMore,
    kEnd,  // the empty line after the headers is the last that was taken
    kBareLineFeed,
    kFolded,
    kFirstLineTooLong,
    kHeadersTooLarge,
    kTooManyHeaders,
  };
  struct Taken {
    Verdict verdict;
    std::size_t bytes;  // up to the end of the head, or up to what is refused
  };

  explicit HeadScan(const ParserLimits& limits) : limits_(limits) {}

  [[nodiscard]] Taken take(std::string_view bytes);
  void reset();
  // A byte of the message has come: the empty lines that may precede it are none.
  [[nodiscard]] bool begun() const { return lines_ > 0 || in_first_line_; }

 private:
  [[nodiscard]] Verdict judge_line_start(char first) const;
  [[nodiscard]] std::size_t room() const;

  const ParserLimits limits_;
  std::size_t lines_ = 0;         // that are complete
  std::size_t line_bytes_ = 0;    // of the one being read
  std::size_t header_bytes_ = 0;  // of all lines after the first
  char last_ = '\0';              // of the line being read
  bool in_first_line_ = false;    // beyond line ends
};

}  // namespace convoke::http
