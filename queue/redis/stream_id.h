// The place of an entry in a stream: `milliseconds-sequence`. Grows as entries are added.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::redis {

struct StreamId {
  std::uint64_t ms = 0;
  std::uint64_t sequence = 0;

  [[nodiscard]] static std::optional<StreamId> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend constexpr auto operator<=>(const StreamId&, const StreamId&) = default;
};

}  // namespace convoke::redis
