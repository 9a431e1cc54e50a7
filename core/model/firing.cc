#include "core/model/firing.h"

#include <array>

namespace convoke {
namespace {

constexpr std::uint64_t kTriggerBits = (1UL << 62) - 1;

// The last step of SplitMix64: each bit of the time changes half of the result's.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

std::uint64_t number_at(const CallId& id, std::size_t from, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = from; i < from + size; ++i) value = value << 8 | id.bytes()[i];
  return value;
}

}  // namespace

CallId firing_id(const Firing& firing) {
  const auto due = static_cast<std::uint64_t>(to_ms(firing.due));
  const std::uint64_t trigger = (firing.trigger ^ mixed(due)) & kTriggerBits;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(due >> (8 * (5 - i)));
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[8 + i] = static_cast<std::uint8_t>(trigger >> (8 * (7 - i)));
  }
  bytes[6] = 0x80;
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  return CallId::from_bytes(bytes);
}

std::optional<Firing> firing_of(const CallId& id) {
  if (id.bytes()[6] != 0x80 || id.bytes()[7] != 0 || (id.bytes()[8] & 0xc0) != 0x80) {
    return std::nullopt;
  }
  const std::uint64_t due = number_at(id, 0, 6);
  return Firing{(number_at(id, 8, 8) ^ mixed(due)) & kTriggerBits,
                wall_from_ms(static_cast<std::int64_t>(due))};
}

}  // namespace convoke
