#include "queue/redis/apart.h"

#include "queue/redis/bytes.h"

namespace convoke::redis {
namespace {

constexpr std::size_t kReferenceBytes = 8;
constexpr std::uint64_t kBytesMax = 256UL << 20;  // nobody writes more: that is no reference

}  // namespace

std::string encode(const ApartEvent& event) {
  std::string out;
  put(out, event.bytes, 4);
  put(out, event.piece_bytes, 4);
  return out;
}

std::optional<ApartEvent> parse_apart(std::string_view reference) {
  if (reference.size() != kReferenceBytes) return std::nullopt;
  const std::uint64_t bytes = get(reference, 0, 4);
  const std::uint64_t piece_bytes = get(reference, 4, 4);
  if (bytes == 0 || piece_bytes == 0 || bytes > kBytesMax) return std::nullopt;
  return ApartEvent{static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(piece_bytes)};
}

std::string apart_id(const CallId& id) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : id.bytes()) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

}  // namespace convoke::redis
