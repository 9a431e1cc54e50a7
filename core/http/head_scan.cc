#include "core/http/head_scan.h"

#include <algorithm>

namespace convoke::http {
namespace {

// What a first line has beside the target: the longest method (11), " HTTP/1.1", blanks.
constexpr std::size_t kFirstLineBeside = 32;

}  // namespace

void HeadScan::reset() {
  lines_ = line_bytes_ = header_bytes_ = 0;
  last_ = '\0';
  in_first_line_ = false;
}

HeadScan::Verdict HeadScan::judge_line_start(char first) const {
  if (lines_ == 0) return Verdict::kMore;
  if (first == ' ' || first == '\t') return Verdict::kFolded;
  if (first != '\r' && lines_ > limits_.headers_max) return Verdict::kTooManyHeaders;
  return Verdict::kMore;
}

std::size_t HeadScan::room() const {
  return lines_ == 0 ? limits_.target_bytes_max + kFirstLineBeside - line_bytes_
                     : limits_.head_bytes_max - header_bytes_;
}

HeadScan::Taken HeadScan::take(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::string_view rest = bytes.substr(taken);
    if (line_bytes_ == 0) {
      const Verdict start = judge_line_start(rest.front());
      if (start != Verdict::kMore) return {start, taken};
    }
    const std::size_t line_feed = rest.find('\n');
    const bool ends = line_feed != std::string_view::npos;
    const std::size_t piece = ends ? line_feed + 1 : rest.size();
    if (piece > room()) {
      in_first_line_ = true;
      return {lines_ == 0 ? Verdict::kFirstLineTooLong : Verdict::kHeadersTooLarge, taken + room()};
    }
    const char before = line_feed == 0 || !ends ? last_ : rest[line_feed - 1];
    if (ends && before != '\r') {
      in_first_line_ = true;
      return {Verdict::kBareLineFeed, taken + line_feed};
    }
    taken += piece;
    line_bytes_ += piece;
    if (lines_ > 0) header_bytes_ += piece;
    if (!ends) {
      last_ = rest.back();
      in_first_line_ = in_first_line_ || line_bytes_ > 1 || last_ != '\r';
      continue;
    }
    const bool empty = line_bytes_ == 2;
    if (empty && lines_ > 0) return {Verdict::kEnd, taken};
    if (!empty) ++lines_;
    line_bytes_ = 0;
    last_ = '\0';
  }
  return {Verdict::kMore, taken};
}

}  // namespace convoke::http
