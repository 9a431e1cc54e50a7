#include "tests/redis_stand_in/requests.h"

#include <utility>

namespace convoke::stand_in {
namespace {

constexpr std::size_t kEndSize = 2;  // "\r\n"

}  // namespace

std::optional<std::size_t> Requests::count_at(std::size_t& at, char kind) {
  const std::size_t end = bytes_.find("\r\n", at);
  if (end == std::string::npos) return std::nullopt;
  const auto count = parse_integer(std::string_view(bytes_).substr(at + 1, end - at - 1));
  broken_ = broken_ || bytes_[at] != kind || !count || *count < 0;
  if (broken_) return std::nullopt;
  at = end + kEndSize;
  return static_cast<std::size_t>(*count);
}

std::optional<std::string> Requests::bulk_at(std::size_t& at) {
  const auto size = count_at(at, '$');
  if (!size || bytes_.size() < at + *size + kEndSize) return std::nullopt;
  std::string bulk = bytes_.substr(at, *size);
  at += *size + kEndSize;
  return bulk;
}

std::optional<Words> Requests::next() {
  std::size_t at = 0;
  const auto count = count_at(at, '*');
  if (!count) return std::nullopt;
  Words words;
  while (words.size() < *count) {
    auto word = bulk_at(at);
    if (!word) return std::nullopt;
    words.push_back(*std::move(word));
  }
  bytes_.erase(0, at);
  return words;
}

}  // namespace convoke::stand_in
