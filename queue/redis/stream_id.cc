#include "queue/redis/stream_id.h"

#include <charconv>

namespace convoke::redis {
namespace {

bool read(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::optional<StreamId> StreamId::parse(std::string_view text) {
  const std::size_t dash = text.find('-');
  StreamId id;
  if (dash == std::string_view::npos) return std::nullopt;
  if (!read(text.substr(0, dash), id.ms) || !read(text.substr(dash + 1), id.sequence))
    return std::nullopt;
  return id;
}

std::string StreamId::text() const { return std::to_string(ms) + '-' + std::to_string(sequence); }

}  // namespace convoke::redis
