// Names for things, as types that cannot be mixed.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/instant.h"

namespace convoke {

template <class Tag, class Value>
struct StrongId {
  Value value{};
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
};

// A function's identity. Never reused: a function re-created by the same name gets a new one, so
// that queues, limits, names and logs of the old one are not inherited.
using FunctionId = StrongId<struct FunctionIdTag, std::uint64_t>;

// A shard of this engine: 0 .. shards-1.
using ShardIndex = StrongId<struct ShardIndexTag, std::uint16_t>;
inline constexpr std::uint16_t kShardsMax = 64;  // one bit each in a 64-bit mask

// An attempt's fencing token. Grows with every attempt of a call and is never reused: the high half
// is the incarnation of the engine that holds the lease, the low half the attempt (from 1).
struct Epoch {
  std::uint64_t value = 0;

  [[nodiscard]] static constexpr Epoch of(std::uint32_t incarnation, std::uint32_t attempt) {
    return Epoch{(std::uint64_t{incarnation} << 32) | attempt};
  }
  [[nodiscard]] constexpr std::uint32_t incarnation() const {
    return static_cast<std::uint32_t>(value >> 32);
  }
  [[nodiscard]] constexpr std::uint32_t attempt() const {
    return static_cast<std::uint32_t>(value);
  }
  friend constexpr auto operator<=>(const Epoch&, const Epoch&) = default;
};

// An invocation's identity, also its X-Fc-Request-Id: a UUID of version 7 (RFC 9562), which begins
// with the time at which it was made, so that calls of one time lie together, and is random for the
// rest. The text form is 36 characters, lower case: `8-4-4-4-12`.
class CallId {
 public:
  static constexpr std::size_t kTextSize = 36;

  constexpr CallId() = default;
  // From 128 random bits, of which the time and the UUID's version and variant take 54.
  [[nodiscard]] static CallId made_at(WallTime time, std::uint64_t high, std::uint64_t low);
  // The same without a time, as version 4 has it: for what is no call.
  [[nodiscard]] static CallId from_random(std::uint64_t high, std::uint64_t low);
  [[nodiscard]] static std::optional<CallId> parse(std::string_view text);
  [[nodiscard]] static CallId from_bytes(const std::array<std::uint8_t, 16>& bytes);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t first_half() const;  // grows as ids do
  friend constexpr auto operator<=>(const CallId&, const CallId&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace convoke

template <class Tag, class Value>
struct std::hash<convoke::StrongId<Tag, Value>> {
  std::size_t operator()(const convoke::StrongId<Tag, Value>& id) const noexcept {
    return std::hash<Value>{}(id.value);
  }
};

template <>
struct std::hash<convoke::CallId> {
  std::size_t operator()(const convoke::CallId& id) const noexcept {
    std::size_t half = 0;  // random bits already: half of them is hash enough
    std::memcpy(&half, id.bytes().data() + 8, sizeof half);
    return half;
  }
};
