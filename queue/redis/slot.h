// Which of a cluster's hash slots a key lies in. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "queue/redis/command.h"

namespace convoke::redis {

inline constexpr std::size_t kSlots = 16'384;
using Slot = std::uint16_t;

// By the CRC16 (XMODEM) of the key's hash tag, or of all of it: as the Redis Cluster specification
// has it.
[[nodiscard]] Slot slot_of(std::string_view key);

// That of its key: of a script's first one, else of the first argument. A channel counts as one, so
// that what is published there goes one way. Not for commands without either (INFO, CONFIG, ...).
[[nodiscard]] Slot slot_of(const Command& command);

}  // namespace convoke::redis
