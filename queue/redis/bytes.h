// Numbers in what lies in Redis: big-endian. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke::redis {

inline void put(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

inline void put(std::string& out, WallTime time) {
  put(out, static_cast<std::uint64_t>(std::max<std::int64_t>(to_ms(time), 0)), 6);
}

// What is not there counts as nothing.
[[nodiscard]] inline std::uint64_t get(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (const char c : bytes.substr(std::min(at, bytes.size()), size)) {
    value = value << 8 | static_cast<std::uint8_t>(c);
  }
  return value;
}

[[nodiscard]] inline WallTime get_wall(std::string_view bytes, std::size_t at) {
  return wall_from_ms(static_cast<std::int64_t>(get(bytes, at, 6)));
}

// From its 16 bytes.
[[nodiscard]] inline CallId get_call_id(std::string_view bytes) {
  std::array<std::uint8_t, 16> id{};
  std::memcpy(id.data(), bytes.data(), std::min(bytes.size(), id.size()));
  return CallId::from_bytes(id);
}

[[nodiscard]] inline std::string_view bytes_of(const CallId& id) {
  return {reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size()};
}

}  // namespace convoke::redis
