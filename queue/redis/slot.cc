#include "queue/redis/slot.h"

#include <array>

namespace convoke::redis {
namespace {

constexpr std::uint32_t kPolynomial = 0x1021;

constexpr std::array<std::uint16_t, 256> crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? kPolynomial : 0);
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

std::uint16_t crc16(std::string_view bytes) {
  static constexpr std::array<std::uint16_t, 256> kTable = crc_table();
  std::uint32_t crc = 0;
  for (const char byte : bytes) {
    const std::uint32_t at = ((crc >> 8) ^ static_cast<unsigned char>(byte)) & 0xff;
    crc = ((crc << 8) ^ kTable[at]) & 0xffff;
  }
  return static_cast<std::uint16_t>(crc);
}

// Between the first { and the first } behind it, unless that is nothing.
std::string_view hash_tag(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

}  // namespace

Slot slot_of(std::string_view key) { return static_cast<Slot>(crc16(hash_tag(key)) % kSlots); }

Slot slot_of(const Command& command) {
  const std::string_view name = command.word(0);
  return slot_of(command.word(name == "EVALSHA" || name == "EVAL" ? 3 : 1));
}

}  // namespace convoke::redis
